"""`/pods/plain/`: the pods of a view as a table of its own, for browsers without JavaScript.

The rows are those of the page and the API, from the same watches. Like a poll (pods.polls), who looks
through the pages of a list finds the watch still running, and costs no other.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pods.api import FIRST_LIST_SECONDS, RETRY_SECONDS, runtime_of, wait_for_lists
from pods.asked import read
from pods.domain.duration import human_duration
from pods.domain.row import HEALTHS, Row
from pods.domain.scope import ALL_NAMESPACES
from pods.live.hub import Held, UnknownCluster
from pods.live.status import SEVERITY, FeedState
from pods.plainlist import BadPage, Choice, Page, page_of
from pods.rowwords import moment_words, next_words, reason_words, why_words
from pods.runtime import Runtime, Synced
from pods.scoping import looking_at
from pods.texts import UI
from pods.visits import Admitted, admit, view_title

STATES = {
    "live": gettext_lazy("Live"),
    "catching_up": gettext_lazy("Catching up"),
    "stale": gettext_lazy("Stale"),
}
# Shapes and colours as page.js has them.
COLOURS = {"failing": "bad", "waiting": "warn", "running": "ok", "done": "idle"}


@dataclass(frozen=True)
class Taken:
    """The rows at one moment, and how right they are. `listed`: at least one first list has come."""

    rows: list[Row]
    states: Mapping[str, FeedState]
    listed: bool
    now: datetime

    @property
    def worst(self) -> FeedState:
        """The state of the feed that is furthest from being live."""
        return max(self.states.values(), key=lambda one: SEVERITY[one.state])


@never_cache
@require_safe
async def plain_page(request: HttpRequest) -> HttpResponse:
    """The pods of a view in pages of 200, and how the list stands."""
    deadline = asyncio.get_running_loop().time() + FIRST_LIST_SECONDS
    admitted = await sync_to_async(_admit)(request)
    if isinstance(admitted, HttpResponse):
        return admitted
    wanted, choice = admitted
    taken = await _take(runtime_of(request), wanted, deadline)
    return await sync_to_async(_answer)(wanted, choice, taken)


def _admit(request: HttpRequest) -> tuple[Admitted, Choice] | HttpResponse:
    admitted = admit(request)
    if isinstance(admitted, HttpResponse):
        return admitted
    try:
        return admitted, Choice.of(request.GET)
    except BadPage:
        return admitted.visit.say(400, _("“page=” takes a number from 1."))


async def _take(runtime: Runtime, wanted: Admitted, deadline: float) -> Taken | None:
    """What the feeds hold; None where there is nothing to watch for this view."""
    asked = read(wanted.params, runtime.access)
    places = await runtime.place(wanted.visit.person, asked.cluster, wanted.namespaces)
    waiter = Synced()
    try:
        with looking_at(runtime.hub, places, asked.filter, waiter) as held:
            runtime.polls.keep(each.key for each in held.values())
            await wait_for_lists([each.subscription.feed for each in held.values()], waiter, deadline)
            return _taken(runtime, held)
    except UnknownCluster:
        return None


def _taken(runtime: Runtime, held: Mapping[str, Held]) -> Taken | None:
    if not held:
        return None
    synced = [each.subscription for each in held.values() if each.subscription.feed.synced]
    rows = [row for subscription in synced for row in subscription.view.rows()]
    states = {label: each.subscription.feed.state() for label, each in held.items()}
    return Taken(rows, states, bool(synced), runtime.clock.now())


def _answer(wanted: Admitted, choice: Choice, taken: Taken | None) -> HttpResponse:
    visit = wanted.visit
    if taken is None:
        return visit.say(503, _("There is nothing to watch for this view yet. Try again in a moment."))
    response = render(visit.request, "pods/plain.html", _context(wanted, choice, taken))
    if not taken.listed:
        response.status_code = 503
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _context(wanted: Admitted, choice: Choice, taken: Taken) -> dict[str, Any]:
    params, worst = wanted.params, taken.worst
    page = page_of(taken.rows, choice)
    return _frame(wanted) | {
        "params": params,
        "here": view_title(params),
        "several": params.namespaces == (ALL_NAMESPACES,) or len(params.namespaces) > 1,
        "refused": ", ".join(wanted.refused),
        "choice": choice,
        "left_out": " ".join(choice.left_out),
        "page": page,
        "total": ngettext("{count} pod", "{count} pods", page.all).replace("{count}", str(page.all)),
        "rows": [_row(row, taken.now) for row in page.rows],
        "healths": [_health(wanted, choice, page, health) for health in HEALTHS],
        "kept": _kept(wanted),
        "links": _links(wanted, page),
        "feed": {
            "state": worst.state,
            "word": STATES[worst.state],
            "time": moment_words(taken.now if worst.state == "live" else worst.since),
            "reason": reason_words(worst.reason),
            "concerned": _concerned(taken),
        },
    }


def _frame(wanted: Admitted) -> dict[str, Any]:
    """What every page's frame shows, with other namespaces as plain tables, too."""
    frame = wanted.visit.context(wanted.cluster)
    live, plain = reverse("pods"), reverse("pods-plain")
    for one in frame["switch_namespaces"]:
        one["href"] = one["href"].replace(live, plain, 1)
    return frame | {"all_namespaces": frame["all_namespaces"].replace(live, plain, 1)}


def _concerned(taken: Taken) -> str:
    """The namespaces that are not live, where that is not all there is."""
    if len(taken.states) == 1:
        return ""
    return ", ".join(label for label, one in taken.states.items() if one.state != "live")


def _row(row: Row, now: datetime) -> dict[str, Any]:
    reason, rest = why_words(row)
    return {
        "row": row,
        "colour": COLOURS[row.health],
        "health": _(UI[f"health_{row.health}"]),
        "reason": reason,
        "rest": rest,
        "next": next_words(row.why),
        "created": moment_words(row.created),
        "age": _age(row.created, now),
        "restarted": _age(row.last_restart, now) if row.restarts else "",
    }


def _age(moment: str | None, now: datetime) -> str:
    return "" if moment is None else human_duration((now - datetime.fromisoformat(moment)).total_seconds())


def _address(wanted: Admitted, **changes: Any) -> str:
    """This list with other parameters; None takes one away."""
    query = wanted.visit.request.GET.copy()
    for name, value in {"page": None, **changes}.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"{reverse('pods-plain')}?{query.urlencode(safe='*')}"


def _health(wanted: Admitted, choice: Choice, page: Page, health: str) -> dict[str, Any]:
    """A count that is a link: to these pods alone, or back to all."""
    chosen = choice.healths == {health}
    return {
        "name": health,
        "colour": COLOURS[health],
        "word": _(UI[f"health_{health}"]),
        "count": page.counts[health],
        "chosen": chosen,
        "href": _address(wanted, health=None if chosen else health),
    }


def _kept(wanted: Admitted) -> list[tuple[str, str]]:
    """What the form of words sends along: everything but words and page."""
    query = wanted.visit.request.GET
    names = (name for name in query if name not in ("q", "page"))
    return [(name, value) for name in names for value in query.getlist(name)]


def _links(wanted: Admitted, page: Page) -> dict[str, str]:
    """Where one can go from here; "" where there is nothing in that direction."""
    query = wanted.visit.request.GET.copy()
    query.pop("page", None)
    return {
        "again": wanted.visit.request.get_full_path(),
        "live": f"{reverse('pods')}?{query.urlencode(safe='*')}",
        "all": f"{reverse('pods-plain')}?{wanted.params.query(wanted.cluster, filtered=False)}",
        "before": _address(wanted, page=page.number - 1) if page.number > 1 else "",
        "after": _address(wanted, page=page.number + 1) if page.number < page.pages else "",
    }
