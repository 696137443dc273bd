"""The rows that come with the page of pods itself: known ones, of what this person may see, and few."""

import html
import json
import re
from typing import Any

import pytest

from pods.firstrows import FIRST_ROWS
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.browser import Browser
from tests.consumers.conftest import LINGER_SECONDS
from tests.consumers.desk import Desk
from tests.kube.etcd import Etcd
from tests.portal import PortalProcess

pytestmark = pytest.mark.parametrize("portal", ["daphne"], indirect=True)

SOON_SECONDS = 10.0
CONFIG = re.compile(r'<script id="portal-config" type="application/json">(.*?)</script>', re.DOTALL)


def rows(browser: Browser, *namespaces: str, more: str = "") -> list[dict[str, Any]]:
    """What the page brings along."""
    names = "".join(f"&namespace={name}" for name in namespaces)
    answer = browser.get(f"/pods/?cluster=test{names}{more}")
    found = CONFIG.search(answer.body.decode())
    assert answer.status == 200
    assert found is not None
    first: dict[str, Any] | None = json.loads(html.unescape(found[1]))["first"]
    assert first is None or re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", first["as_of"])
    return first["pods"] if first else []


def names(found: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in found]


def known(portal: PortalProcess, browser: Browser, namespace: str, count: int) -> None:
    """Waits until the portal knows so many pods there, and keeps the feed for ten seconds."""
    path = f"/api/v1/pods?poll=1&cluster=test&namespace={namespace}"
    portal.wait_until(
        lambda: len(browser.get(path).json()["pods"]) == count, SOON_SECONDS, f"{count} pods are known"
    )


def test_they_are_the_rows_of_the_api_not_well_first(
    portal: PortalProcess, engineer: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    pods.create(control_plane, namespace, "b", "a", labels={"app": "web"})
    pods.create(control_plane, namespace, "other")
    for name in ("a", "b"):
        pods.run(control_plane, namespace, name)
    known(portal, engineer, namespace, 3)
    portal.wait_until(
        lambda: names(rows(engineer, namespace)) == ["other", "a", "b"], SOON_SECONDS, "a and b run"
    )
    api = engineer.get(f"/api/v1/pods?cluster=test&namespace={namespace}").json()["pods"]
    by_name = {row["name"]: row for row in api}
    assert rows(engineer, namespace) == [by_name[name] for name in ("other", "a", "b")]
    assert names(rows(engineer, namespace, more="&selector=app%3Dweb")) == ["a", "b"]


def test_they_are_no_more_than_a_screen_shows(
    portal: PortalProcess, engineer: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    many = [f"pod-{number:03}" for number in range(FIRST_ROWS + 40)]
    Etcd(control_plane).put_pods({namespace: reversed(many)})
    known(portal, engineer, namespace, len(many))
    assert names(rows(engineer, namespace)) == many[:FIRST_ROWS]


def test_none_are_of_a_namespace_that_may_not_be_seen(
    portal: PortalProcess,
    engineer: Browser,
    admin: Browser,
    desk: Desk,
    control_plane: ControlPlane,
    namespace: str,
) -> None:
    hidden = control_plane.create_namespace(f"{namespace}-hidden")
    desk.hide(hidden)
    pods.create(control_plane, namespace, "seen", labels={"shown": "first"})
    pods.create(control_plane, hidden, "secret", labels={"shown": "first"})
    known(portal, admin, hidden, 1)
    known(portal, engineer, namespace, 1)
    assert names(rows(admin, namespace, hidden)) == ["secret", "seen"]
    assert names(rows(engineer, namespace, hidden)) == ["seen"]
    everything = "/api/v1/pods?poll=1&cluster=test&namespace=*"
    portal.wait_until(
        lambda: "secret" in names(admin.get(everything).json()["pods"]), SOON_SECONDS, "all pods are known"
    )
    assert "secret" in names(rows(admin, "*", more="&selector=shown%3Dfirst"))
    mine = names(rows(engineer, "*", more="&selector=shown%3Dfirst"))
    assert "seen" in mine
    assert "secret" not in mine
    assert engineer.get(f"/pods/?cluster=test&namespace={hidden}").status == 403


def test_a_page_waits_for_no_list_but_has_one_begun_that_ends_again(
    portal: PortalProcess, engineer: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    def watches() -> float:
        return portal.metric("k8sportal_upstream_watches", resource="pods", namespace=namespace)

    pods.create(control_plane, namespace, "web")
    assert rows(engineer, namespace) == []
    portal.wait_until(lambda: watches() == 1, SOON_SECONDS, "it is watched")
    portal.wait_until(lambda: watches() == 0, 5 * LINGER_SECONDS + SOON_SECONDS, "the watch has ended")


def test_a_cluster_that_does_not_answer_keeps_no_page_waiting(engineer: Browser, dead_cluster: str) -> None:
    answer = engineer.get(f"/pods/?cluster={dead_cluster}&namespace=test-absent")
    assert answer.status == 200
    assert '"first": null' in answer.body.decode()
