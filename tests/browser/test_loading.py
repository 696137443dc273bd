"""How the page of pods comes to the browser: at once, of itself alone, compressed, with rows in it."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from pods.modules import modules_of

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"


def test_all_modules_are_asked_for_by_the_page_itself_and_each_once(page: Page) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(SHOP)
    expect(page.locator("#rows > .p").first).to_be_visible()
    scripts = [request for request in asked if urlsplit(request.url).path.endswith(".js")]
    links = page.locator("link[rel=modulepreload]").evaluate_all("links => links.map(link => link.href)")
    urls = [request.url for request in scripts]
    assert len(urls) == len(set(urls))
    assert set(links) < set(urls), "the palette waits for what the rows need, and is loaded when it opens"
    assert len(links) == len(set(links)) == len(modules_of("js/pods/pods.js")) + 1
    rest = {urlsplit(url).path.rpartition("/")[2].partition(".")[0] for url in set(urls) - set(links)}
    assert rest & {"live", "table", "podrow"} == set()
    assert rest == {"paletteopener"}
    assert {urlsplit(request.url).netloc for request in asked} == {urlsplit(page.url).netloc}


def test_the_page_is_compressed_and_nobody_elses(page: Page) -> None:
    answer = page.goto(SHOP)
    assert answer is not None
    assert answer.all_headers()["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.all_headers()["vary"].lower()
    assert answer.all_headers()["cache-control"] == "private, no-cache"


def test_rows_are_there_before_a_socket_opens(page: Page) -> None:
    page.goto(SHOP)
    expect(page.locator("#feed-word")).to_have_text("Live")
    page.route_web_socket("**/ws/pods/**", lambda socket: None)
    page.reload()
    expect(page.locator("#rows > .p").first).to_be_visible()
    expect(page.locator("#feed-word")).not_to_have_text("Live")
