"""The states of one pod, beside the list and on its own page, and of what one waits for."""

from playwright.sync_api import Page, expect

from tests.browser.samples import PODS
from tests.browser.speaker import Speaker, row

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"
OPENS = 30_000


def shown(page: Page, selector: str) -> None:
    """Waits for it to be in sight."""
    expect(page.locator(selector).first).to_be_visible(timeout=OPENS)


def opened_pod(page: Page) -> None:
    page.goto(f"{SHOP}&q=owner:orders-db&health=running")
    page.locator(f"{ROWS} a").first.click(timeout=OPENS)
    shown(page, "#panel #events > li")
    shown(page, "#panel #log-lines > div")


def logged(page: Page) -> None:
    opened_pod(page)
    page.locator("#panel-own").click()
    shown(page, "main > #logs #log-lines > div")


def telling(page: Page) -> None:
    """The second thing that is waited for is about to be chosen."""
    Speaker(page, PODS)
    page.goto(SHOP)
    page.locator("[data-name=web-00001] a").click()
    page.locator("#panel-tell").click()
    page.locator("#tell-wants button").first.click()
    page.locator("#panel-tell").click()
    shown(page, "#tell-list > li")


def told(page: Page) -> None:
    speaker = Speaker(page, PODS)
    page.goto(f"{SHOP}&pod=shop/web-00002")
    page.locator("#panel-tell").click()
    page.locator("#tell-wants button").first.click()
    speaker.delta([row(2)])
    shown(page, "#told > li")
    page.locator("#panel-close").click()


def pod_gone(page: Page) -> None:
    speaker = Speaker(page, PODS)
    page.goto("/pods/demo/shop/web-00001/")
    shown(page, "#pod-card.bad")
    speaker.delta([], ("uid-1",))
    shown(page, "#pod-card.is-gone")
