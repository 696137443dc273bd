"""One pod's page: its containers, its conditions, and the log of a container, followed."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

LINES = "#log-lines > div"
# A StatefulSet's pods are not rolled out meanwhile.
LASTING = "q=owner:orders-db&health=running"


def pod_of(page: Page, query: str) -> str:
    """The page of a pod of the demo shop that `query` finds, opened from the list."""
    page.goto(f"/pods/?cluster=demo&namespace=shop&{query}")
    page.locator("#rows [role=row] a").first.click()
    page.locator("#panel-own").click()
    expect(page).to_have_url(re.compile("/pods/demo/shop/[^/]+/$"))
    return page.url


def test_a_running_pods_log_is_followed(page: Page) -> None:
    pod_of(page, LASTING)
    expect(page.locator("#containers li").first).to_be_visible()
    expect(page.locator("#conditions")).to_contain_text("Ready: True")
    expect(page.locator("#log-word")).to_have_text("Following")
    expect(page.locator(LINES).first).to_be_attached()
    count = page.locator(LINES).count()
    expect(page.locator(LINES).nth(count)).to_be_attached(timeout=15_000)


def test_a_paused_log_stands_still_and_goes_on(page: Page) -> None:
    pod_of(page, LASTING)
    expect(page.locator("#log-word")).to_have_text("Following")
    page.get_by_label("Follow").uncheck()
    expect(page.locator("#log-word")).to_have_text("Paused")
    page.get_by_label("Follow").check()
    expect(page.locator("#log-word")).to_have_text("Following")
    count = page.locator(LINES).count()
    expect(page.locator(LINES).nth(count)).to_be_attached(timeout=15_000)


def test_the_log_of_a_container_that_died_is_there_with_its_last_words(page: Page) -> None:
    pod_of(page, "status=CrashLoopBackOff")
    page.get_by_role("button", name="Log of the run before").first.click()
    expect(page.get_by_label("Previous run")).to_be_checked()
    expect(page.locator("#log-word")).to_have_text("Ended")
    expect(page.locator(LINES).last).to_contain_text("giving up")
    expect(page.locator("#log-reason")).to_have_text("The log has ended: nothing writes to it any more.")


def test_lines_are_found_timed_copied_and_downloaded(page: Page, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    pod_of(page, LASTING)
    expect(page.locator(LINES).filter(has_text="healthz").first).to_be_attached(timeout=60_000)
    page.get_by_label("Follow").uncheck()
    page.get_by_label("Find in the log").fill("HEALTHZ")
    expect(page.locator(LINES).filter(has_not_text="healthz")).to_have_count(0)
    expect(page.locator(LINES).first).to_be_attached()
    expect(page.locator(f"{LINES} time").first).to_be_hidden()
    page.get_by_label("Times").check()
    expect(page.locator(f"{LINES} time").last).to_be_visible()
    page.locator("#log-copy").click()
    expect(page.locator("#log-said")).to_have_text("Copied")
    assert "level=" in page.evaluate("navigator.clipboard.readText()")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    saved = tmp_path / "saved.log"
    download.value.save_as(saved)
    assert download.value.suggested_filename.endswith(".log")
    assert re.match(r"\d{4}-\d\d-\d\dT.* level=", saved.read_text())


def test_leaving_the_page_ends_the_reading(page: Page) -> None:
    pod_of(page, LASTING)
    expect(page.locator("#log-word")).to_have_text("Following")
    page.goto("/")
    page.wait_for_function(
        """async () => /resource="pods\\/log"[^}]*} 0/.test(await (await fetch('/metrics')).text())"""
    )
