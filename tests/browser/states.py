"""Every page of the portal, and every state that it can be in: how to get there, and when it is there."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.speaker import Speaker, now, rollout, row

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"
ACTIVE = "#rows > .active"
OPENS = 30_000

State = Callable[[Page], None]


def _shown(page: Page, selector: str) -> None:
    expect(page.locator(selector).first).to_be_visible(timeout=OPENS)


def _fed(page: Page, state: str) -> None:
    """The page shows this state of its feed."""
    expect(page.locator(f"body[data-feed={state}]")).to_be_attached(timeout=OPENS)


def unwell(number: int, **more: Any) -> dict[str, Any]:
    params = {"container": "web", "restarts": 1234, "exit_code": 137}
    why = {"code": "crash_loop_exit_code", "params": params, "summary": "In English."}
    return row(number, health="failing", status="CrashLoopBackOff", restarts=4, why=why, **more)


def waiting(number: int) -> dict[str, Any]:
    why = {"code": "creating", "params": {}, "summary": "In English."}
    return row(number, health="waiting", status="ContainerCreating", ready="0/1", node=None, ip=None, why=why)


PODS = [
    unwell(1, last_restart="2026-01-01T00:00:00Z"),
    waiting(2),
    row(3),
    row(4, status="Completed", health="done", owner=None, labels={"tier": "web"}),
]


def stuck_rollout() -> dict[str, Any]:
    """Of a Deployment: between two ReplicaSets, with its reason."""
    step = {"code": "next_rollout_deadline", "params": {}, "summary": "See why."}
    why = {"code": "rollout_deadline_seconds", "params": {"seconds": 600}, "summary": "Late."}
    revisions = [
        {"name": "web-def", "revision": 2, "desired": 1, "ready": 0, "current": True},
        {"name": "web-abc", "revision": 1, "desired": 3, "ready": 3, "current": False},
    ]
    told = {**why, "since": None, "details": [], "next": step}
    return rollout("web", updated=1, state="stuck", since=now(), why=told, revisions=revisions)


def _rolling_out(page: Page) -> None:
    """One stuck, one that waits and has no pods, one that is done."""
    speaker = Speaker(page, [*PODS, row(5, owner={"kind": "StatefulSet", "name": "db"})])
    waits = rollout("agent", "DaemonSet", ready=0, state="progressing")
    speaker.rollouts = [stuck_rollout(), waits, rollout("db", "StatefulSet")]
    page.goto(SHOP)
    _shown(page, ".g.long .g-why")


def _spoken(first: Callable[[Speaker], None] | None = None, address: str = SHOP) -> State:
    """A page whose socket says what `first` says; all PODS by default."""

    def visit(page: Page) -> None:
        Speaker(page, PODS, first)
        page.goto(address)

    return visit


def _then(state: State, *selectors: str) -> State:
    """`state`, and it is there when all of these are to be seen."""

    def visit(page: Page) -> None:
        state(page)
        for selector in selectors:
            _shown(page, selector)

    return visit


def _ended(code: str, close: int) -> Callable[[Speaker], None]:
    def first(speaker: Speaker) -> None:
        params = {"namespace": "shop", "cluster": "demo"}
        speaker.say(type="error", code=code, message="In English.", params=params, final=True)
        speaker.sockets[-1].close(code=close)

    return first


def _stale(speaker: Speaker) -> None:
    speaker.snapshot()
    speaker.feed("stale", "unreachable", detail="the connection broke")


def _without_rights(speaker: Speaker) -> None:
    speaker.feed(
        "stale", "forbidden", verbs="list", resource="pods", where="namespace shop", namespace="shop"
    )


def _nothing(speaker: Speaker) -> None:
    speaker.rows = []
    speaker.snapshot()


def _pressed(state: State, key: str, selector: str) -> State:
    def visit(page: Page) -> None:
        state(page)
        page.keyboard.press(key)
        _shown(page, selector)

    return visit


def _opened(state: State, summary: str) -> State:
    """`state` with one of the header's menus open."""

    def visit(page: Page) -> None:
        state(page)
        page.locator(summary).click()
        _shown(page, f"details[open] > {summary.split()[-1]}")

    return visit


def _at(address: str, *selectors: str) -> State:
    def visit(page: Page) -> None:
        page.goto(address)
        for selector in selectors or ("main, #main",):
            _shown(page, selector)

    return visit


def _live(page: Page) -> None:
    _spoken()(page)
    _fed(page, "live")
    expect(page.locator(ROWS)).to_have_count(len(PODS), timeout=OPENS)


def _real(address: str) -> State:
    def visit(page: Page) -> None:
        page.goto(address)
        _fed(page, "live")
        _shown(page, ROWS)

    return visit


def _fed_as(state: str, first: Callable[[Speaker], None], *selectors: str) -> State:
    def visit(page: Page) -> None:
        _then(_spoken(first), *selectors)(page)
        _fed(page, state)

    return visit


NO_SOCKETS = """window.WebSocket = class {
  constructor() { setTimeout(() => this.onclose?.({ code: 1006, reason: '' })); }
  close() {}
};"""


def _polling(page: Page) -> None:
    page.add_init_script(NO_SOCKETS)
    page.goto(SHOP)
    _fed(page, "polling")
    _shown(page, ROWS)


def _status_chosen(page: Page) -> None:
    _live(page)
    page.locator("#status").select_option("CrashLoopBackOff")
    _shown(page, "#status.chosen")
    _shown(page, "#narrowed")


def _opened_pod(page: Page) -> None:
    page.goto(f"{SHOP}&q=owner:orders-db&health=running")
    page.locator(f"{ROWS} a").first.click(timeout=OPENS)
    _shown(page, "#panel #events > li")
    _shown(page, "#panel #log-lines > div")


def _logged(page: Page) -> None:
    _opened_pod(page)
    page.locator("#panel-own").click()
    _shown(page, "main > #logs #log-lines > div")


def _telling(page: Page) -> None:
    """The second thing that is waited for is about to be chosen."""
    _live(page)
    page.locator("[data-name=web-00001] a").click()
    page.locator("#panel-tell").click()
    page.locator("#tell-wants button").first.click()
    page.locator("#panel-tell").click()
    _shown(page, "#tell-list > li")


def _told(page: Page) -> None:
    speaker = Speaker(page, PODS)
    page.goto(f"{SHOP}&pod=shop/web-00002")
    page.locator("#panel-tell").click()
    page.locator("#tell-wants button").first.click()
    speaker.delta([row(2)])
    _shown(page, "#told > li")
    page.locator("#panel-close").click()


def _pod_gone(page: Page) -> None:
    speaker = Speaker(page, PODS)
    page.goto("/pods/demo/shop/web-00001/")
    _shown(page, "#pod-card.bad")
    speaker.delta([], ("uid-1",))
    _shown(page, "#pod-card.is-gone")


def _end_a_viewer(page: Page) -> None:
    viewer = page.context.new_page()
    _real(SHOP)(viewer)
    page.goto("/ledger/")
    page.locator("#sockets .lr [data-part=act]").first.click(timeout=OPENS)
    _shown(page, "#confirm[open]")
    viewer.close()


def _wrong_password(page: Page) -> None:
    page.goto("/login/")
    page.locator("#id_username").fill("nobody")
    page.locator("#id_password").fill("wrong")
    page.locator(".sign-in-card [type=submit]").click()
    _shown(page, "[role=alert]")


def _forged(page: Page) -> None:
    page.goto("/login/")
    page.evaluate(
        """() => { const form = document.body.appendChild(document.createElement('form'));
        form.method = 'post'; form.action = '/logout/'; form.submit(); }"""
    )
    page.wait_for_url("/logout/")
    _shown(page, "main h1")


# For anybody, and those that need an operator; the admin's are Django's own pages in our colours.
OPEN: dict[str, State] = {
    "home": _at("/", "[data-namespace] .total"),
    "pods": _live,
    "pods of all namespaces": _real("/pods/?cluster=demo&namespace=*"),
    "no pods": _fed_as("live", _nothing, "#empty h2"),
    "nothing matches": _then(_spoken(address=f"{SHOP}&q=never"), "#clear"),
    "stale": _fed_as("stale", _stale, "#bar-note", ROWS),
    "the portal may not": _fed_as("stale", _without_rights, "#role"),
    "polling": _polling,
    "a status": _status_chosen,
    "refused": _fed_as("ended", _ended("forbidden", 4403), "#empty h2"),
    "signed out": _fed_as("signed_out", _ended("signed_out", 4401), "#empty-sign-in"),
    "keys": _pressed(_live, "?", "#keys[open]"),
    "languages": _opened(_live, ".language summary"),
    "namespaces": _opened(_live, ".crumb .menu:last-child summary"),
    "row in focus": _pressed(_live, "j", ACTIVE),
    "rollouts": _rolling_out,
    "map": _then(_spoken(address=f"{SHOP}&view=map"), "#map .cells"),
    "a mistake in the filter": _then(_spoken(address=f"{SHOP}&q=colour:red"), "#q-mistake"),
    "export": _opened(_live, "#export summary"),
    "a pod beside the list": _opened_pod,
    "a pod that is not well beside the list": _then(
        _spoken(address=f"{SHOP}&pod=shop/web-00001"), "#panel .pod.bad"
    ),
    "no such pod beside the list": _then(_spoken(address=f"{SHOP}&pod=shop/web-00009"), "#pod-empty h2"),
    "a pod and its log": _logged,
    "one pod": _then(_spoken(address="/pods/demo/shop/web-00001/"), "#pod-card.bad"),
    "one pod, gone": _pod_gone,
    "no such pod": _then(_spoken(address="/pods/demo/shop/web-00009/"), "#pod-empty h2"),
    "sign in": _at("/login/"),
    "wrong password": _wrong_password,
    "not found": _at("/nothing/"),
    "forged form": _forged,
    "bad address": _at("/pods/?cluster=demo"),
    # Last: what is waited for is kept.
    "tell me": _telling,
    "told": _told,
}
OPERATORS: dict[str, State] = {
    "person's menu": _opened(_live, ".me summary"),
    "ledger": _at("/ledger/", "#summary"),
    "end a viewer": _end_a_viewer,
}
ADMIN: dict[str, State] = {
    "admin": _at("/admin/"),
    "admin: clusters": _at("/admin/pods/cluster/"),
    "admin: a cluster": _at("/admin/pods/cluster/add/"),
    "admin: namespaces": _at("/admin/pods/namespace/"),
    "admin: a grant": _at("/admin/pods/grant/add/"),
    "admin: a group": _at("/admin/auth/group/add/"),
}
