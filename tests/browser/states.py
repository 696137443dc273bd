"""Every page of the portal, and every state that it can be in: how to get there, and when it is there."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.podstates import (
    OPENS,
    ROWS,
    SHOP,
    logged,
    opened_pod,
    pod_gone,
    shown,
    telling,
    told,
)
from tests.browser.samples import PODS, stuck_rollout
from tests.browser.speaker import Speaker, rollout, row

ACTIVE = "#rows > .active"

State = Callable[[Page], None]


def _fed(page: Page, state: str) -> None:
    """The page shows this state of its feed."""
    expect(page.locator(f"body[data-feed={state}]")).to_be_attached(timeout=OPENS)


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
            shown(page, selector)

    return visit


def _rolling_out(page: Page) -> None:
    """One stuck, one that waits and has no pods, one that is done."""
    speaker = Speaker(page, [*PODS, row(5, owner={"kind": "StatefulSet", "name": "db"})])
    waits = rollout("agent", "DaemonSet", ready=0, state="progressing")
    speaker.rollouts = [stuck_rollout(), waits, rollout("db", "StatefulSet")]
    page.goto(SHOP)
    shown(page, ".g.long .g-why")


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
        shown(page, selector)

    return visit


def _opened(state: State, summary: str) -> State:
    """`state` with one of the header's menus open."""

    def visit(page: Page) -> None:
        state(page)
        page.locator(summary).click()
        shown(page, f"details[open] > {summary.split()[-1]}")

    return visit


def _at(address: str, *selectors: str) -> State:
    def visit(page: Page) -> None:
        page.goto(address)
        for selector in selectors or ("main, #main",):
            shown(page, selector)

    return visit


def _live(page: Page) -> None:
    _spoken()(page)
    _fed(page, "live")
    expect(page.locator(ROWS)).to_have_count(len(PODS), timeout=OPENS)


def _real(address: str) -> State:
    def visit(page: Page) -> None:
        page.goto(address)
        _fed(page, "live")
        shown(page, ROWS)

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
    shown(page, ROWS)


def _status_chosen(page: Page) -> None:
    _live(page)
    page.locator("#status").select_option("CrashLoopBackOff")
    shown(page, "#status.chosen")
    shown(page, "#narrowed")


def _chosen(page: Page) -> None:
    _pressed(_live, "Control+k", "#palette-list [data-kind=namespace]")(page)
    page.keyboard.type("plat")
    page.keyboard.press("Control+Enter")
    shown(page, "#palette-list [data-kind=open]")


def _nothing_found(page: Page) -> None:
    _pressed(_live, "Control+k", "#palette-list [data-kind=namespace]")(page)
    page.keyboard.type("zzzz")
    shown(page, "#palette-note")


def _saved(page: Page) -> None:
    _live(page)
    page.locator("#views-open").click()
    page.locator("#views-name").fill("web")
    page.locator("#views-save").click()
    shown(page, "#views-own li")
    page.locator("#views-own [data-part=delete]").click()
    shown(page, "#views-own .doomed")


def _end_a_viewer(page: Page) -> None:
    viewer = page.context.new_page()
    _real(SHOP)(viewer)
    page.goto("/ledger/")
    page.locator("#sockets .lr [data-part=act]").first.click(timeout=OPENS)
    shown(page, "#confirm[open]")
    viewer.close()


def _wrong_password(page: Page) -> None:
    page.goto("/login/")
    page.locator("#id_username").fill("nobody")
    page.locator("#id_password").fill("wrong")
    page.locator(".sign-in-card [type=submit]").click()
    shown(page, "[role=alert]")


def _forged(page: Page) -> None:
    page.goto("/login/")
    page.evaluate(
        """() => { const form = document.body.appendChild(document.createElement('form'));
        form.method = 'post'; form.action = '/logout/'; form.submit(); }"""
    )
    page.wait_for_url("/logout/")
    shown(page, "main h1")


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
    "palette": _pressed(_live, "Control+k", "#palette-list [data-kind=namespace]"),
    "palette, namespaces chosen": _chosen,
    "palette, nothing found": _nothing_found,
    "languages": _opened(_live, ".language summary"),
    "namespaces": _opened(_live, ".crumb .menu:last-child summary"),
    "row in focus": _pressed(_live, "j", ACTIVE),
    "rollouts": _rolling_out,
    "map": _then(_spoken(address=f"{SHOP}&view=map"), "#map .cells"),
    "a mistake in the filter": _then(_spoken(address=f"{SHOP}&q=colour:red"), "#q-mistake"),
    "export": _opened(_live, "#export summary"),
    "a pod beside the list": opened_pod,
    "a pod that is not well beside the list": _then(
        _spoken(address=f"{SHOP}&pod=shop/web-00001"), "#panel .pod.bad"
    ),
    "no such pod beside the list": _then(_spoken(address=f"{SHOP}&pod=shop/web-00009"), "#pod-empty h2"),
    "a plain table": _at("/pods/plain/?cluster=demo&namespace=*&q=a+label:b", "table.plain", ".plain-why"),
    "an empty plain table": _at("/pods/plain/?cluster=demo&namespace=shop&q=never", ".empty h2"),
    "a pod and its log": logged,
    "one pod": _then(_spoken(address="/pods/demo/shop/web-00001/"), "#pod-card.bad"),
    "one pod, gone": pod_gone,
    "no such pod": _then(_spoken(address="/pods/demo/shop/web-00009/"), "#pod-empty h2"),
    "sign in": _at("/login/"),
    "wrong password": _wrong_password,
    "not found": _at("/nothing/"),
    "forged form": _forged,
    "bad address": _at("/pods/?cluster=demo"),
    # Last: what is waited for is kept.
    "tell me": telling,
    "told": told,
}
OPERATORS: dict[str, State] = {
    "person's menu": _opened(_live, ".me summary"),
    "saved views": _saved,
    "home with views": _at("/", ".views-home a"),
    "ledger": _at("/ledger/", "#summary"),
    "end a viewer": _end_a_viewer,
}
ADMIN: dict[str, State] = {
    "admin": _at("/admin/"),
    "admin: clusters": _at("/admin/pods/cluster/"),
    "admin: a cluster": _at("/admin/pods/cluster/add/"),
    "admin: namespaces": _at("/admin/pods/namespace/"),
    "admin: a grant": _at("/admin/pods/grant/add/"),
    "admin: saved views": _at("/admin/pods/savedview/"),
    "admin: a group": _at("/admin/auth/group/add/"),
}
