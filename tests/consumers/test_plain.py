"""`/pods/plain/`: the rows of a real API server without a script, refusals as pages, and one watch."""

import html
import re
import time

import pytest

from pods.polls import KEEP_SECONDS
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.browser import Answer, Browser
from tests.consumers.desk import Desk
from tests.portal import PortalProcess

pytestmark = pytest.mark.parametrize("portal", ["daphne"], indirect=True)

SOON_SECONDS = 10.0
NAME = re.compile(r'role="rowheader".*?<span>([\w.-]+)</span></th>', re.DOTALL)


def plain(*namespaces: str, cluster: str = "test", more: str = "") -> str:
    names = "".join(f"&namespace={name}" for name in namespaces)
    return f"/pods/plain/?cluster={cluster}{names}{more}"


def text(answer: Answer) -> str:
    return html.unescape(answer.body.decode())


def names(answer: Answer) -> list[str]:
    """The pods of a page, in its order."""
    return NAME.findall(text(answer))


def linked(answer: Answer, rel: str) -> str:
    """Where one goes from here."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', answer.body.decode())
    assert found is not None, f"the page has no link {rel}"
    return html.unescape(found[1])


def test_pages_of_pods_are_served_by_one_watch(
    portal: PortalProcess, engineer: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    def opened() -> int:
        lines = (line for line in portal.log().splitlines() if '"watch_opened"' in line)
        return sum(f'"{namespace}"' in line and '"pods"' in line for line in lines)

    def watches() -> float:
        return portal.metric("k8sportal_upstream_watches", resource="pods", namespace=namespace)

    all_names = [f"web-{number:03}" for number in range(201)]
    pods.create(control_plane, namespace, *all_names)
    first = engineer.get(plain(namespace))
    assert (first.status, names(first)) == (200, all_names[:200])
    assert "Live" in text(first)
    assert "1 to 200 of 201, page 1 of 2" in text(first)
    assert "Waiting to be given a node." in text(first)
    assert 'rel="prev"' not in text(first)
    second = engineer.get(linked(first, "next"))
    assert names(second) == all_names[200:]
    assert names(engineer.get(linked(second, "prev"))) == all_names[:200]
    narrowed = engineer.get(plain(namespace, more="&q=WEB-07+label:a&health=waiting&page=2"))
    assert names(narrowed) == [f"web-07{digit}" for digit in range(10)]
    assert "left out of the filter and the order: label:a" in text(narrowed)
    looked_at = time.monotonic()
    portal.wait_until(lambda: watches() == 0, 5 * KEEP_SECONDS, "the watch has ended")
    kept = time.monotonic() - looked_at
    print(f"The watch was kept for {kept:.1f} s after the last page ({KEEP_SECONDS:.0f} s).")
    assert kept > KEEP_SECONDS / 2
    assert opened() == 1


def test_refusals_are_pages_as_those_of_the_page(
    portal: PortalProcess, engineer: Browser, desk: Desk, namespace: str, control_plane: ControlPlane
) -> None:
    other = control_plane.create_namespace(f"other-{namespace}")
    pods.create(control_plane, namespace, "web")
    pods.create(control_plane, other, "secret")
    assert "Sign in" in text(Browser(portal).get(plain(namespace)))
    for path, status, words in (
        (plain(other), 403, "You may not see these pods."),
        (plain(namespace, cluster="no-such"), 403, "You may not see these pods."),
        (plain(), 400, "names no namespace"),
        (plain(namespace, more="&page=0"), 400, "takes a number from 1"),
        (plain(namespace, more="&selector=a==="), 400, "position"),
    ):
        answer = engineer.get(path)
        assert (answer.status, words in text(answer)) == (status, True), path
        assert names(answer) == []
    several = engineer.get(plain(namespace, other))
    assert (several.status, names(several)) == (200, ["web"])
    assert f"Not shown: {other}." in text(several)
    desk.hide(namespace)
    portal.wait_until(
        lambda: engineer.get(plain(namespace)).status == 403, SOON_SECONDS, "the namespace is hidden"
    )


def test_a_list_that_does_not_come_says_why(engineer: Browser, dead_cluster: str) -> None:
    answer = engineer.get(plain("test-absent", cluster=dead_cluster))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert "No pods to show yet" in text(answer)
    assert "The Kubernetes API does not answer" in text(answer)
    assert "Load again" in text(answer)
