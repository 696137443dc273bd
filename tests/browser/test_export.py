"""What is shown, copied and downloaded."""

import csv
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.speaker import Speaker, row

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop&group=none"


def _open(page: Page, query: str) -> None:
    Speaker(page, [row(1), row(2, status="=1+1", labels={"app": "web"}), row(3, labels={"app": "web"})])
    page.goto(SHOP + query)
    expect(page.locator("#shown")).to_contain_text("of 3 pods")
    page.locator("#export summary").click()


def _copied(page: Page, name: str) -> str:
    button = page.get_by_role("button", name=name)
    button.click()
    expect(page.locator("#export").get_by_role("button", name="Copied")).to_be_visible()
    expect(button).to_be_visible()  # its own word comes back
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_names_and_the_kubectl_command_are_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _open(page, "&q=label:app=web restarts:0&sort=-name")
    expect(page.locator("#export-what")).to_have_text("2 pods, as filtered and ordered")
    expect(page.locator("#kubectl-left")).to_have_text("The command does not narrow by restarts:=0")
    assert _copied(page, "Copy names") == "web-00003\nweb-00002\n"
    assert _copied(page, "Copy kubectl command") == "kubectl --context demo get pods -n shop -l app=web"


def test_without_a_clipboard_the_text_is_selected(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    _open(page, "&q=web-00001")
    page.get_by_role("button", name="Copy names").click()
    field = page.get_by_label("Text to copy")
    expect(field).to_have_value("web-00001\n")
    expect(field).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "web-00001\n"


def test_csv_and_json_are_downloaded(page: Page, tmp_path: Path) -> None:
    _open(page, "&q=label:app=web")
    for extension in ("csv", "json"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {extension.upper()}").click()
        assert re.fullmatch(
            rf"pods-demo-shop-\d{{8}}T\d{{6}}Z\.{extension}", download.value.suggested_filename
        )
        download.value.save_as(tmp_path / extension)
    with (tmp_path / "csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [one["name"] for one in rows] == ["web-00002", "web-00003"]
    assert rows[0]["status"] == "'=1+1"
    found = json.loads((tmp_path / "json").read_text(encoding="utf-8"))
    assert [one["uid"] for one in found["pods"]] == ["uid-2", "uid-3"]
    assert found["namespaces"] == ["shop"]
