"""The administration in the browser: a cluster is entered, tried and granted, and open pages follow.

The cluster is the real control plane, entered by address, CA and token file. A member of a group
sees it come and go in another browser, without a restart and without reloading.
"""

import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Complaints
from tests.cluster.certificates import write_certificates
from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import free_port
from tests.portal import ADMIN_PASSWORD, PortalProcess

pytestmark = pytest.mark.browser

MEMBER_PASSWORD = "a pass phrase of some length"
ROWS = "#rows > .p"
# Home asks for new clusters every 16 s, and each round where there is none at all.
HOME_SECONDS = 20.0
REVOKED_SECONDS = 2.0
MEMBER = """
from django.contrib.auth.models import Group, User
User.objects.create_user("mia", password={password!r}).groups.add(Group.objects.create(name="engineers"))
"""


@pytest.fixture(scope="module")
def portal(control_plane: ControlPlane) -> Iterator[PortalProcess]:
    """A portal that shows nothing without a grant. What its kubeconfig names plays no part here."""
    kubeconfig = control_plane.kubeconfig_for("nobody", context="of-the-environment")
    with PortalProcess(kubeconfig, environment={"PORTAL_ANONYMOUS_READ": "0"}) as process:
        process.manage("shell", "-c", MEMBER.format(password=MEMBER_PASSWORD))
        yield process


@pytest.fixture(scope="module")
def token_file(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("secrets") / "token"
    path.write_text(control_plane.token())
    return path


def _browser_of(
    browser: Browser, portal: PortalProcess, complaints: Complaints, name: str, password: str
) -> Page:
    context = browser.new_context(base_url=portal.url("/")[:-1], viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    context.on("page", complaints.listen)
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    return page


@pytest.fixture
def admin(browser: Browser, portal: PortalProcess, complaints: Complaints) -> Iterator[Page]:
    """A tab of the administrator."""
    page = _browser_of(browser, portal, complaints, "admin", ADMIN_PASSWORD)
    yield page
    page.context.close()
    assert complaints.found == []


@pytest.fixture
def member(browser: Browser, portal: PortalProcess, complaints: Complaints) -> Iterator[Page]:
    """A tab of a member of `engineers`, in a browser of their own."""
    page = _browser_of(browser, portal, complaints, "mia", MEMBER_PASSWORD)
    yield page
    page.context.close()
    assert complaints.found == []


def _enter_cluster(page: Page, name: str, server: str, ca_file: Path, token_file: Path) -> None:
    page.goto("/admin/pods/cluster/add/")
    page.get_by_label("Name", exact=False).first.fill(name)
    page.get_by_label("Source:").select_option(label="a server, its CA and a token file")
    page.get_by_label("Server:").fill(server)
    page.get_by_label("CA file:").fill(str(ca_file))
    page.get_by_label("Token file:").fill(str(token_file))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("was added successfully")


def _check(page: Page, *names: str) -> Locator:
    """What "Check the connection" says of these clusters."""
    page.goto("/admin/pods/cluster/")
    for name in names:
        page.get_by_role("row", name=name).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Check the connection")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist li").first).to_be_visible()
    return page.locator(".messagelist")


def test_a_cluster_is_entered_and_its_check_says_what_works_and_what_fails(
    control_plane: ControlPlane, admin: Page, token_file: Path, tmp_path: Path
) -> None:
    authority = control_plane.folder / "ca.crt"
    _enter_cluster(admin, "entered", control_plane.url, authority, token_file)
    said = _check(admin, "entered")
    expect(said.locator(".success").nth(0)).to_have_text("entered: The Kubernetes API answers.")
    expect(said.locator(".success").nth(1)).to_have_text(
        re.compile(r"entered: \d+ namespaces can be listed\.")
    )
    expect(said.locator(".success").nth(2)).to_have_text("entered: Pods can be listed in all namespaces.")
    expect(said.locator(".error")).to_have_count(0)

    wrong_token = tmp_path / "token"
    wrong_token.write_text("wrong-" + secrets.token_hex(8))
    port = free_port()
    failures = {
        "wrong-port": (f"https://127.0.0.1:{port}", authority, token_file, "does not answer"),
        "wrong-ca": (control_plane.url, _another_authority(tmp_path), token_file, "is not trusted"),
        "wrong-token": (
            control_plane.url,
            authority,
            wrong_token,
            "does not accept the portal's credentials",
        ),
        "no-token": (control_plane.url, authority, tmp_path / "nowhere", "does not exist"),
    }
    for name, (server, ca_file, token, _) in failures.items():
        _enter_cluster(admin, name, server, ca_file, token)
    said = _check(admin, *failures)
    expect(said.locator(".error")).to_have_count(len(failures))
    expect(said.locator(".success")).to_have_count(0)
    print("", *said.locator(".error").all_text_contents(), sep="\n")
    for name, (*_, words) in failures.items():
        expect(said.locator(".error", has_text=f"{name}: ")).to_contain_text(words)


def _another_authority(folder: Path) -> Path:
    """A CA of its own, that signed nothing."""
    write_certificates(folder)
    return folder / "ca.crt"


def test_grants_open_and_close_namespaces_on_open_pages(
    control_plane: ControlPlane, portal: PortalProcess, admin: Page, member: Page, token_file: Path
) -> None:
    team, guest = (f"{name}-{secrets.token_hex(2)}" for name in ("team", "guest"))
    for namespace in (f"{team}-shop", f"{guest}-shop"):
        control_plane.create_namespace(namespace)
        control_plane.apply(_pod(namespace, f"in-{namespace}"))
    expect(member.get_by_text("Nothing is open to you yet.")).to_be_visible()
    _enter_cluster(admin, "granted", control_plane.url, control_plane.folder / "ca.crt", token_file)

    pressed = _grant(admin, "granted", f"{team}-*")
    cluster = member.locator("[data-cluster=granted]")
    expect(cluster).to_be_visible(timeout=HOME_SECONDS * 1000)
    _print("granted: the cluster is on the open home page", pressed)
    pods = member.context.new_page()
    pods.goto("/")
    pods.get_by_role("link", name="All namespaces").click()
    expect(pods.locator("#feed-word")).to_have_text("Live")
    expect(pods.locator(ROWS)).to_have_count(1)
    expect(_row(pods, f"in-{team}-shop")).to_be_visible()
    expect(cluster.locator("[data-namespace]")).to_have_count(1, timeout=HOME_SECONDS * 1000)

    pressed = _grant(admin, "granted", f"{guest}-*")
    expect(_row(pods, f"in-{guest}-shop")).to_be_visible()
    _print("granted: its pod is on the open page", pressed)
    expect(cluster.locator(f"[data-namespace={guest}-shop]")).to_be_visible(timeout=HOME_SECONDS * 1000)
    one = member.context.new_page()
    one.goto(f"/pods/?cluster=granted&namespace={guest}-shop")
    expect(_row(one, f"in-{guest}-shop")).to_be_visible()

    pressed = _revoke(admin, f"{guest}-*")
    expect(one.locator(ROWS)).to_have_count(0, timeout=REVOKED_SECONDS * 1000)
    expect(pods.locator(ROWS)).to_have_count(1, timeout=REVOKED_SECONDS * 1000)
    _print("taken away: its rows are gone", pressed)
    expect(one.locator("#feed-word")).to_have_text("Not connected")
    expect(one.locator("#empty-text")).to_contain_text("Ask an administrator of the portal for the right")
    expect(pods.locator("#feed-word")).to_have_text("Live")
    expect(_row(pods, f"in-{team}-shop")).to_be_visible()
    expect(cluster.locator("[data-namespace]")).to_have_count(1, timeout=HOME_SECONDS * 1000)

    _revoke(admin, f"{team}-*")
    expect(member.get_by_text("Nothing is open to you yet.")).to_be_visible(timeout=HOME_SECONDS * 1000)


def test_no_page_of_the_administration_holds_a_secret(
    control_plane: ControlPlane, admin: Page, token_file: Path
) -> None:
    _enter_cluster(admin, "secretive", control_plane.url, control_plane.folder / "ca.crt", token_file)
    expect(_check(admin, "secretive").locator(".success").first).to_be_visible()
    assert control_plane.token() not in admin.content()
    secret = [control_plane.token(user) for user in ("admin", "nobody")]
    seen = _admin_pages(admin)
    print(f"\n{len(seen)} pages read")
    assert len(seen) >= 12
    holding = [path for path, html in seen.items() if any(token in html for token in secret)]
    assert holding == []
    # What is shown is where the secret lies.
    assert any(str(token_file) in html for html in seen.values())


def _admin_pages(page: Page) -> dict[str, str]:
    """The portal's pages of the administration that links lead to, by address.

    A list counts once, and the pages of single namespaces, of which the API server has many, not at all.
    """
    found: dict[str, str] = {}
    waiting = ["/admin/"]
    while waiting:
        path = waiting.pop()
        answer = page.request.get(path)
        found[path] = answer.text()
        if not answer.ok or "text/html" not in answer.headers["content-type"]:
            continue
        for link in re.findall(r'href="(/admin/pods/[^"?#]*)', found[path]):
            if link not in found and link not in waiting and not re.search(r"/namespace/\d", link):
                waiting.append(link)
    return found


def _row(page: Page, pod: str) -> Locator:
    return page.locator(f'{ROWS} a[title="{pod}"]')


def _print(what: str, pressed: float) -> None:
    print(f"\n{what} {time.monotonic() - pressed:.1f} s after the button was pressed")


def _grant(page: Page, cluster: str, pattern: str) -> float:
    """Lets the engineers see it; when the last button was pressed."""
    page.goto("/admin/pods/grant/add/")
    page.get_by_label("Group:").select_option(label="engineers")
    page.get_by_label("Cluster:").select_option(label=cluster)
    page.get_by_label("Namespace or glob:").fill(pattern)
    pressed = time.monotonic()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("was added successfully")
    return pressed


def _revoke(page: Page, pattern: str) -> float:
    """Deletes the grant; when the last button was pressed."""
    page.goto("/admin/pods/grant/")
    page.get_by_role("row", name=pattern).get_by_role("link").first.click()
    page.get_by_role("link", name="Delete").click()
    pressed = time.monotonic()
    page.get_by_role("button", name="Yes, I’m sure").click()
    expect(page.locator(".messagelist .success")).to_contain_text("was deleted successfully")
    return pressed


def _pod(namespace: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "web", "image": "web"}]},
    }
