"""Polling `/api/v1/pods?…&poll=1`: one upstream watch, nothing twice, and refusals as a socket has them."""

import time

import pytest

from pods.polls import KEEP_SECONDS
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.browser import Browser
from tests.consumers.desk import Desk
from tests.portal import PortalProcess

pytestmark = pytest.mark.parametrize("portal", ["daphne"], indirect=True)

# docs/contract.md: how often a page polls.
EVERY_SECONDS = 5.0
SOON_SECONDS = 10.0


def poll_of(*namespaces: str, cluster: str = "test") -> str:
    names = "".join(f"&namespace={name}" for name in namespaces)
    return f"/api/v1/pods?poll=1&cluster={cluster}{names}"


def test_polls_are_served_by_one_watch_that_ends_when_no_more_come(
    portal: PortalProcess, engineer: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    def opened() -> int:
        """How often a watch of its pods was opened."""
        lines = (line for line in portal.log().splitlines() if '"watch_opened"' in line)
        return sum(f'"{namespace}"' in line and '"pods"' in line for line in lines)

    def watches() -> float:
        return portal.metric("k8sportal_upstream_watches", resource="pods", namespace=namespace)

    pods.create(control_plane, namespace, "web")
    first = engineer.get(poll_of(namespace))
    assert [row["name"] for row in first.json()["pods"]] == ["web"]
    portal.wait_until(lambda: watches() == 1, SOON_SECONDS, "it is watched")
    polled_at = time.monotonic()
    again = engineer.get(poll_of(namespace), If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    portal.wait_until(lambda: watches() == 0, 5 * KEEP_SECONDS, "the watch has ended")
    kept = time.monotonic() - polled_at
    print(f"The watch was kept for {kept:.1f} s after the last poll ({KEEP_SECONDS:.0f} s).")
    assert kept > EVERY_SECONDS
    assert opened() == 1


def test_a_change_is_another_picture(
    portal: PortalProcess, engineer: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    pods.create(control_plane, namespace, "web")
    path = poll_of(namespace)
    tag = engineer.get(path).headers["ETag"]
    pods.create(control_plane, namespace, "api")

    def names() -> set[str]:
        answer = engineer.get(path, If_None_Match=tag)
        return set() if answer.status == 304 else {row["name"] for row in answer.json()["pods"]}

    portal.wait_until(lambda: names() == {"web", "api"}, SOON_SECONDS, "the new pod is told")


def test_refused_namespaces_are_named_and_the_others_served(
    portal: PortalProcess, engineer: Browser, desk: Desk, namespace: str, control_plane: ControlPlane
) -> None:
    other = control_plane.create_namespace(f"{namespace}-other")
    path = poll_of(namespace, other)
    both = engineer.get(path)
    assert set(both.json()["tokens"]) == {namespace, other}
    desk.hide(other)
    plain = f"/api/v1/pods?cluster=test&namespace={namespace}&namespace={other}"
    portal.wait_until(lambda: engineer.get(plain).status == 403, SOON_SECONDS, "the other one is hidden")
    left = engineer.get(path, If_None_Match=both.headers["ETag"])
    answer = left.json()
    assert left.status == 200
    assert set(answer["tokens"]) == set(answer["feeds"]) == {namespace}
    params = {"namespace": other, "cluster": "test"}
    message = f"You may not see {other} in test."
    assert answer["refused"] == [
        {"namespace": other, "code": "forbidden", "params": params, "message": message}
    ]
    alone = engineer.get(poll_of(other))
    assert (alone.status, alone.json()) == (
        403,
        {"error": {"code": "forbidden", "params": params, "message": message}},
    )


def test_a_page_of_somebody_else_is_signed_out(portal: PortalProcess, engineer: Browser) -> None:
    path = f"{poll_of('default')}&user=1"
    for browser in (engineer, Browser(portal)):
        answer = browser.get(path)
        assert (answer.status, answer.json()["error"]["code"]) == (401, "signed_out")


def test_a_list_that_does_not_come_is_a_feed_without_rows(engineer: Browser, dead_cluster: str) -> None:
    answer = engineer.get(poll_of("test-absent", cluster=dead_cluster))
    said = answer.json()
    assert (answer.status, said["tokens"], said["pods"]) == (200, {"test-absent": None}, [])
    assert said["feeds"]["test-absent"]["state"] in ("catching_up", "stale")
    assert said["feeds"]["test-absent"]["since"] is None
