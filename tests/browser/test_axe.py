"""No page keeps anybody out: axe finds no violation on any page and state, in both languages and schemes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import PASSWORD, Portal
from tests.browser.states import ADMIN, OPEN, OPERATORS, State

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# Each state in both widths, schemes and languages, in two browsers: all eight would find little more.
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS: dict[str, dict[str, Any]] = {
    "wide-light-en": {"viewport": WIDE, "color_scheme": "light", "locale": "en-US"},
    "narrow-dark-zh": {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"},
}
# Of Django's own templates and scripts: the tooltip of a filter, and the head of a column of hidden fields.
DJANGOS = [".help-tooltip", "th.original"]
FIND = """([rules, exclude]) => axe.run({ exclude }, { runOnly: rules }).then(({ violations }) =>
  violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, any }) =>
    `${id}: ${help}: ${html.slice(0, 160)} ${any.map(({ message }) => message).join(' ')}`)))"""


@pytest.fixture(scope="module")
def axe() -> str:
    """axe's script. It is evaluated: as an element the page's own policy would refuse it."""
    if not AXE.is_file():
        reason = "axe-core is not installed (npm ci)."
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def session(browser: Browser, portal: Portal) -> list[SetCookieParam]:
    """The administrator's cookies, from one sign-in."""
    context = browser.new_context(base_url=portal.url)
    page = context.new_page()
    page.goto("/login/")
    page.locator("#id_username").fill("admin")
    page.locator("#id_password").fill(PASSWORD)
    page.locator(".sign-in-card [type=submit]").click()
    page.wait_for_url("/")
    cookies = context.cookies()
    context.close()
    return [{"name": one["name"], "value": one["value"], "url": portal.url} for one in cookies]


@pytest.fixture(params=LOOKS)
def look(browser: Browser, portal: Portal, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser of somebody who is not signed in, in one of the looks."""
    context = browser.new_context(base_url=portal.url, reduced_motion="reduce", **LOOKS[request.param])
    context.set_default_timeout(30_000)
    yield context
    context.close()


def _violations(context: BrowserContext, axe: str, states: dict[str, State]) -> dict[str, list[str]]:
    """What axe found, by state; only states where it found something."""
    found = {}
    for name, visit in states.items():
        page = context.new_page()
        visit(page)
        page.evaluate(axe)
        found[name] = page.evaluate(FIND, [RULES, DJANGOS])
        page.close()
    return {name: each for name, each in found.items() if each}


def _said(found: dict[str, list[str]]) -> str:
    return "\n".join(f"{name}: {each}" for name, all_ in found.items() for each in all_)


def test_axe_finds_what_it_is_for(look: BrowserContext, axe: str) -> None:
    page = look.new_page()
    page.goto("/login/")
    page.evaluate("document.querySelectorAll('label').forEach((label) => label.remove())")
    page.evaluate(axe)
    assert any(each.startswith("label: ") for each in page.evaluate(FIND, [RULES, DJANGOS]))


def test_no_open_page_keeps_anybody_out(look: BrowserContext, axe: str) -> None:
    found = _violations(look, axe, OPEN)
    assert found == {}, _said(found)


def test_no_page_of_operators_keeps_anybody_out(
    look: BrowserContext, axe: str, session: list[SetCookieParam]
) -> None:
    look.add_cookies(session)
    found = _violations(look, axe, OPERATORS | ADMIN)
    assert found == {}, _said(found)
