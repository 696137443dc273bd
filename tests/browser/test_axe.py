"""No page keeps anybody out, in any state: axe finds nothing, Chinese is Chinese, and 200 % has room.

Each state is looked at in two browsers, so that both widths, schemes and languages have been; all eight
together would find little more. A third one is enlarged.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import Portal
from tests.browser.probes import crowded, english, violations
from tests.browser.states import ADMIN, OPEN, OPERATORS, State

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ENLARGED = {"width": 720, "height": 450}
LOOKS: dict[str, dict[str, Any]] = {
    "wide-light-en": {"viewport": WIDE, "color_scheme": "light", "locale": "en-US"},
    "narrow-dark-zh": {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"},
    "enlarged-en": {"viewport": ENLARGED, "device_scale_factor": 2, "locale": "en-US"},
}


@dataclass
class Look:
    """A browser of somebody who is not signed in, and what is looked for in it."""

    context: BrowserContext
    probes: list[Callable[[Page], list[str]]]

    def faults(self, states: dict[str, State]) -> list[str]:
        """What is wrong in any of these states."""
        found = []
        for name, visit in states.items():
            page = self.context.new_page()
            visit(page)
            found += [f"{name}: {fault}" for probe in self.probes for fault in probe(page)]
            page.close()
        return found


@pytest.fixture(scope="module")
def axe() -> str:
    """axe's script."""
    if not AXE.is_file():
        reason = "axe-core is not installed (npm ci)."
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(params=LOOKS)
def look(browser: Browser, portal: Portal, axe: str, request: pytest.FixtureRequest) -> Iterator[Look]:
    context = browser.new_context(base_url=portal.url, reduced_motion="reduce", **LOOKS[request.param])
    context.set_default_timeout(30_000)
    probes: list[Callable[[Page], list[str]]] = [lambda page: violations(page, axe)]
    if request.param.endswith("zh"):
        probes.append(english)
    yield Look(context, [crowded] if request.param == "enlarged-en" else probes)
    context.close()


def test_no_open_page_keeps_anybody_out(look: Look) -> None:
    found = look.faults(OPEN)
    assert found == [], "\n".join(found)


def test_no_page_of_operators_keeps_anybody_out(look: Look, session: list[SetCookieParam]) -> None:
    look.context.add_cookies(session)
    found = look.faults(OPERATORS | ADMIN)
    assert found == [], "\n".join(found)


BREAKS = {
    "label: ": "document.querySelectorAll('label').forEach((label) => label.remove())",
    "color-contrast: ": "document.querySelector('h1').style.color = '#777'",
    "in English: ": "document.querySelector('h1').textContent = 'Sign in please'",
    " lies over ": "document.querySelector('#id_password').style.marginTop = '-30px'",
    " pixels too wide": "document.querySelector('.sign-in-card').style.width = '2000px'",
}


@pytest.mark.parametrize("fault", BREAKS)
def test_faults_would_be_found(browser: Browser, portal: Portal, axe: str, fault: str) -> None:
    page = browser.new_page(base_url=portal.url, color_scheme="dark")
    page.goto("/login/")
    page.evaluate(BREAKS[fault])
    found = [*violations(page, axe), *english(page), *crowded(page)]
    assert any(fault in each for each in found)
    page.close()
