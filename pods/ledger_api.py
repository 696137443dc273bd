"""The ledger's API: the picture that its page polls, and what operators can do from it."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, User
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from pods.access import Person, may_act_on_ledger, may_see_ledger, person_of
from pods.api import ApiRefused, answer_error, answer_json, runtime_of
from pods.ledger.actions import end_viewer, restart_watch
from pods.ledger.picture import picture
from pods.ledger.sockets import SOCKET_ORDERS
from pods.ledger.wanted import Wanted
from pods.ledger.watches import WATCH_ORDERS

log = structlog.get_logger(__name__)

MAX_SEARCH = 200

View = Callable[[HttpRequest], Coroutine[Any, Any, HttpResponse]]


def _answering(view: View) -> View:
    """`view`, with what it refuses, and a database that fails, as the API's errors."""

    @wraps(view)
    async def answering(request: HttpRequest) -> HttpResponse:
        try:
            return await view(request)
        except ApiRefused as refused:
            return answer_error(refused)
        except DatabaseFailure:
            log.exception("ledger_without_database")
            return answer_error(ApiRefused(503, "unavailable"))

    return answering


@never_cache
@require_GET
@_answering
async def ledger(request: HttpRequest) -> HttpResponse:
    """`/api/v1/ledger?q=…&sockets_by=…&watches_by=…`: totals, and the first rows of what is looked for."""
    await _operator(request, may_see_ledger)
    return answer_json(request, await picture(runtime_of(request), _wanted(request.GET)))


@require_POST
@_answering
async def viewer_end(request: HttpRequest) -> HttpResponse:
    """Ends the viewer whose connection id is `connection`."""
    person = await _operator(request, may_act_on_ledger)
    if not end_viewer(runtime_of(request), request.POST.get("connection", ""), person):
        raise ApiRefused(404, "viewer_gone")
    return answer_json(request, {})


@require_POST
@_answering
async def watch_restart(request: HttpRequest) -> HttpResponse:
    """Lists and watches `namespace` of `cluster` anew: its pods, and all that is watched beside them."""
    person = await _operator(request, may_act_on_ledger)
    cluster, namespace = request.POST.get("cluster", ""), request.POST.get("namespace", "")
    if not restart_watch(runtime_of(request), cluster, namespace, person):
        raise ApiRefused(404, "watch_gone")
    return answer_json(request, {})


async def _operator(request: HttpRequest, may: Callable[[User | AnonymousUser], bool]) -> Person:
    """Who asks. Raises ApiRefused unless they `may`."""
    user = await request.auser()
    person = await sync_to_async(person_of)(user, request.session)
    if person.user_id is None:
        raise ApiRefused(401, "not_signed_in")
    if not await sync_to_async(may)(user):
        raise ApiRefused(403, "operators_only")
    return person


def _wanted(query: QueryDict) -> Wanted:
    """What the address asks for. Raises ApiRefused."""
    sockets_by, watches_by = query.get("sockets_by", "worst"), query.get("watches_by", "worst")
    if sockets_by not in SOCKET_ORDERS or watches_by not in WATCH_ORDERS:
        raise ApiRefused(400, "bad_request", {"detail": "there is no such order"})
    words = query.get("q", "")[:MAX_SEARCH].lower().split()
    return Wanted(tuple(words), sockets_by, watches_by)
