"""What a person sees where the portal's own account may do little, with the API server's real RBAC.

One portal shows four clusters: the same API server, each time as another account. Whatever is
missing, the page says it in words, names the verbs, and offers a Role that would do.
"""

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pods.live.reflector import POLL_SECONDS
from tests.browser.conftest import Complaints
from tests.cluster.control_plane import ControlPlane
from tests.portal import PortalProcess

pytestmark = pytest.mark.browser

ROWS = "#rows > .p:not(.left)"
ACCOUNTS = ("only-pods", "no-replicasets", "list-only", "nobody")
SAID_SECONDS = 10.0
# A refused watch is tried again after 30 s at most.
GRANTED_SECONDS = 35.0
# The list itself takes a moment, and so does the way to the screen.
POLLED_SECONDS = POLL_SECONDS + 1.0
TOLERANCE = 5


@dataclass
class Accounts:
    """The portal, and each account's own namespace; its cluster bears the account's name."""

    cluster: ControlPlane
    portal: PortalProcess
    namespaces: dict[str, str]

    def address(self, account: str) -> str:
        """The page of the pods in the account's own namespace."""
        return f"/pods/?cluster={account}&namespace={self.namespaces[account]}"


@pytest.fixture(scope="module")
def accounts(control_plane: ControlPlane) -> Iterator[Accounts]:
    namespaces = {}
    kubeconfigs = []
    for account in ACCOUNTS:
        namespace = control_plane.create_namespace(f"rights-{account}-{secrets.token_hex(2)}")
        namespaces[account] = namespace
        control_plane.grant(account, namespace)
        control_plane.apply(_pod(namespace, "web-5d4f8c7b6-abcde"), _pod(namespace, "single", owned=False))
        kubeconfigs.append(control_plane.kubeconfig_for(account, namespace=namespace, context=account))
    with PortalProcess(":".join(str(path) for path in kubeconfigs)) as portal:
        yield Accounts(control_plane, portal, namespaces)


@pytest.fixture
def context(browser: Browser, accounts: Accounts) -> Iterator[BrowserContext]:
    """A browser at that portal, whose pages are read without signing in."""
    opened = browser.new_context(
        base_url=accounts.portal.url("/")[:-1], viewport={"width": 1440, "height": 900}
    )
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Iterator[Page]:
    """A tab; nothing may be complained of in it, and no answer may be an error."""
    opened = context.new_page()
    complaints.listen(opened)
    failed: list[str] = []
    opened.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    yield opened
    assert complaints.found == []
    assert failed == []


def _pod(namespace: str, name: str, *, owned: bool = True) -> dict[str, Any]:
    """A pod, as the ReplicaSet `web-5d4f8c7b6` of a Deployment would make it."""
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web-5d4f8c7b6",
        "uid": "0f0e0d0c-0000-4000-8000-000000000000",
        "controller": True,
    }
    of_deployment = {"labels": {"pod-template-hash": "5d4f8c7b6"}, "ownerReferences": [owner]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace} | (of_deployment if owned else {}),
        "spec": {"containers": [{"name": "web", "image": "web"}]},
    }


def _is_live_with(page: Page, *names: str) -> None:
    expect(page.locator("#feed-word")).to_have_text("Live")
    for name in names:
        expect(page.locator(f'{ROWS} a[title="{name}"]')).to_be_visible()


def _refused(page: Page, namespace: str) -> None:
    """The page names account, verbs and namespace, and no list is said to be on its way."""
    expect(page.locator("#bar-text")).to_have_text(
        f"The portal's account may not list, watch pods in namespace {namespace}.",
        timeout=SAID_SECONDS * 1000,
    )
    title = page.locator("#empty-title, #pod-empty-title").locator("visible=true")
    expect(title).to_have_text("The portal may not read these pods")
    expect(page.locator("#role")).to_be_visible()
    expect(page.locator("#role")).to_contain_text("Put the name of the portal's account in place of ACCOUNT")


def _offered_role(page: Page, account: str) -> str:
    """The YAML on the page, with the account's name filled in as the page says."""
    text = page.locator("#role-yaml").text_content()
    assert text is not None
    assert text.count("ACCOUNT") == 1
    return text.replace("ACCOUNT", account)


def test_one_namespace_is_live_where_namespaces_may_not_be_listed(accounts: Accounts, page: Page) -> None:
    own = accounts.namespaces["only-pods"]
    page.goto("/")
    section = page.locator("[data-cluster=only-pods]")
    expect(section.locator(f"[data-namespace={own}]")).to_be_visible()
    assert section.locator("[data-namespace]").count() == 1
    section.get_by_role("link", name=own).click()
    _is_live_with(page, "single", "web-5d4f8c7b6-abcde")
    page.goto("/")
    # Counted from the watch that the page before left lingering: the home page has asked, and is at ease.
    expect(section.locator(".total")).to_have_text("2 pods")
    assert not section.locator("[data-part=state]").is_visible()


def test_the_offered_role_makes_a_refused_page_live_by_itself(accounts: Accounts, page: Page) -> None:
    cluster = accounts.cluster
    other = cluster.create_namespace(f"rights-other-{secrets.token_hex(2)}")
    cluster.apply(_pod(other, "web-5d4f8c7b6-abcde"))
    accounts.portal.manage("namespace_add", "only-pods", other)
    page.goto("/")
    page.locator("[data-cluster=only-pods]").get_by_role("link", name=other).click()
    _refused(page, other)
    cluster.kubectl("apply", "-f", "-", input=_offered_role(page, "only-pods"))
    started = time.monotonic()
    expect(page.locator("#feed-word")).to_have_text("Live", timeout=GRANTED_SECONDS * 1000)
    print(f"\nlive {time.monotonic() - started:.1f} s after the Role was applied")
    _is_live_with(page, "web-5d4f8c7b6-abcde")
    expect(page.locator("#role")).to_be_hidden()
    expect(page.locator("#bar-note")).to_be_hidden(timeout=GRANTED_SECONDS * 1000)


def test_without_replicasets_owners_are_told_from_names_and_the_page_says_so(
    accounts: Accounts, page: Page
) -> None:
    page.goto(accounts.address("no-replicasets"))
    _is_live_with(page, "single", "web-5d4f8c7b6-abcde")
    row = page.locator(ROWS, has=page.locator('a[title="web-5d4f8c7b6-abcde"]'))
    expect(row.locator("[data-part=owner]")).to_have_text("web")
    expect(row.locator("[data-part=kind]")).to_have_text("Deployment")
    expect(page.locator("#bar-text")).to_contain_text("may not list, watch replicasets in namespace")
    expect(page.locator("#role")).to_be_hidden()
    page.get_by_role("button", name="What it lacks").click()
    expect(page.locator("#role-yaml")).to_contain_text(re.compile(r"replicasets.*\n\s+verbs: .*list.*watch"))
    assert page.locator("#feed-word").text_content() == "Live"


def test_list_without_watch_is_polled_and_says_so(accounts: Accounts, page: Page) -> None:
    cluster, namespace = accounts.cluster, accounts.namespaces["list-only"]
    page.goto(accounts.address("list-only"))
    _is_live_with(page, "single", "web-5d4f8c7b6-abcde")
    expect(page.locator("#bar-text")).to_have_text(
        "The portal's account may list pods but not watch them: listed every 10 s."
    )
    expect(page.locator("#role")).to_be_hidden()
    page.get_by_role("button", name="What it lacks").click()
    expect(page.locator("#role-yaml")).to_contain_text(f"namespace: {namespace}")
    page.get_by_role("button", name="What it lacks").click()  # only rows in sight are in the page
    cluster.apply(_pod(namespace, "later", owned=False))
    cluster.kubectl("delete", "pod", "single", "-n", namespace, "--force", "--grace-period=0")
    started = time.monotonic()
    expect(page.locator(f'{ROWS} a[title="later"]')).to_be_visible(timeout=TOLERANCE * POLLED_SECONDS * 1000)
    print(f"\npolled: shown {time.monotonic() - started:.1f} s after the change")
    expect(page.locator(f'{ROWS} a[title="single"]')).to_have_count(0)
    _is_live_with(page, "later")
    assert accounts.portal.metric("k8sportal_upstream_watches", cluster="list-only") == 0


@pytest.mark.parametrize("what", ["pods", "pod", "all"])
def test_with_no_right_at_all_every_page_speaks_in_words(accounts: Accounts, page: Page, what: str) -> None:
    own = accounts.namespaces["nobody"]
    page.goto("/")
    section = page.locator("[data-cluster=nobody]")
    expect(section.locator(f"[data-namespace={own}] .total")).to_have_text("not counted")
    assert not section.locator("[data-part=state]").is_visible()
    pages = {
        "pods": accounts.address("nobody"),
        "pod": f"/pods/nobody/{own}/single/",
        "all": "/pods/?cluster=nobody&namespace=*",
    }
    page.goto(pages[what])
    _refused(page, own)
    documents = _offered_role(page, "nobody")
    accounts.cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=documents)
    if what != "pod":
        assert page.locator(ROWS).count() == 0
        expect(page.locator("#summary")).to_be_empty()
    if what == "pods":
        # 5 s without contact later it is stale, and says the same.
        expect(page.locator("#feed-word")).to_have_text("Stale", timeout=SAID_SECONDS * 1000)
        _refused(page, own)
