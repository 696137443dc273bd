"""A socket from its opening: what comes first, what it shows, and how it follows the cluster."""

import asyncio
import itertools

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.conftest import View

HEARTBEAT_SECONDS = 5.0
FRESH_SECONDS = 1.0
# Figures may be five times over on a busy machine; the measured one is printed.
SLACK = 5


async def test_the_feed_comes_first_then_the_rows_then_each_change(
    view: View, control_plane: ControlPlane, namespace: str
) -> None:
    pods.create(control_plane, namespace, "old")
    async with view(f"cluster=test&namespace={namespace}") as viewer:
        await viewer.sees("old")
        assert viewer.frames[0]["type"] == "feed"
        assert viewer.of("snapshot")[-1]["last"] is True
        assert viewer.socket.subprotocol == "k8sportal.v1"
        await asyncio.to_thread(pods.create, control_plane, namespace, "new")
        latency = await viewer.sees("old", "new", seconds=FRESH_SECONDS * SLACK)
        print(f"a new pod shows {latency * 1000:.0f} ms after the API server answered")
        await asyncio.to_thread(pods.delete, control_plane, namespace, "old")
        await viewer.sees("new")
        assert not viewer.of("snapshot")[1:], "changes come as deltas"


async def test_a_pod_made_again_under_its_name_is_another_pod(
    view: View, control_plane: ControlPlane, namespace: str
) -> None:
    pods.create(control_plane, namespace, "web-0")
    async with view(f"cluster=test&namespace={namespace}") as viewer:
        await viewer.sees("web-0")
        old = viewer.row("web-0")
        assert old is not None
        await asyncio.to_thread(pods.delete, control_plane, namespace, "web-0")
        await asyncio.to_thread(pods.create, control_plane, namespace, "web-0")
        await viewer.until(lambda: (viewer.row("web-0") or old)["uid"] != old["uid"], "another uid")
        assert len(viewer.names()) == 1
        assert old["uid"] in [uid for frame in viewer.of("delta") for uid in frame["remove"]]


async def test_the_subprotocol_is_echoed_only_where_it_was_offered(view: View, namespace: str) -> None:
    for offers, chosen in (
        ((), None),
        (("other.v9",), None),
        (("other.v9", "k8sportal.v1"), "k8sportal.v1"),
    ):
        async with view(f"cluster=test&namespace={namespace}", offers=offers) as viewer:
            await viewer.live(namespace)
            assert viewer.socket.subprotocol == chosen
            assert viewer.socket.response is not None
            assert "Sec-WebSocket-Extensions" not in viewer.socket.response.headers


@pytest.mark.parametrize("portal", ["daphne"], indirect=True)
async def test_the_feed_is_told_at_least_every_5_seconds(view: View, namespace: str) -> None:
    async with view(f"cluster=test&namespace={namespace}") as viewer:
        await viewer.live(namespace)
        seen = len(viewer.of("feed"))
        await viewer.until(lambda: len(viewer.of("feed")) > seen, "a heartbeat", HEARTBEAT_SECONDS + 1)
        times = [each.at for each in viewer.received if each.frame["type"] == "feed"]
        longest = max(later - earlier for earlier, later in itertools.pairwise(times))
        print(f"the longest silence was {longest:.2f} s")
        assert longest < HEARTBEAT_SECONDS + 0.5
        assert viewer.of("feed")[-1]["token"], "all has been sent"


async def test_namespaces_are_told_apart_and_all_of_them_are_seen_as_one(
    view: View, control_plane: ControlPlane, namespace: str
) -> None:
    other = control_plane.create_namespace(f"{namespace}-b")
    pods.create(control_plane, namespace, "a")
    pods.create(control_plane, other, "b")
    async with view(f"cluster=test&namespace={namespace}&namespace={other}") as viewer:
        await viewer.live(namespace, other)
        assert viewer.names(namespace) == {"a"}
        assert viewer.names(other) == {"b"}
        await asyncio.to_thread(pods.create, control_plane, other, "b2")
        await viewer.until(lambda: viewer.names(other) == {"b", "b2"}, "the change, where it belongs")
        assert viewer.names(namespace) == {"a"}


async def test_filters_leave_out_what_does_not_match(
    view: View, control_plane: ControlPlane, namespace: str
) -> None:
    """What leaves the filter is a remove and what enters it an upsert; unmatched pods are not mentioned."""
    pods.create(control_plane, namespace, "front", labels={"tier": "front"})
    pods.create(control_plane, namespace, "back", labels={"tier": "back"})
    async with view(f"cluster=test&namespace={namespace}&selector=tier+in+(front,edge)") as viewer:
        await viewer.sees("front")
        await asyncio.to_thread(pods.label, control_plane, namespace, "back", tier="edge")
        await viewer.sees("front", "back")
        await asyncio.to_thread(pods.label, control_plane, namespace, "front", tier="none")
        await viewer.sees("back")
        deltas = len(viewer.of("delta"))
        await asyncio.to_thread(pods.label, control_plane, namespace, "front", other="thing")
        await asyncio.to_thread(pods.label, control_plane, namespace, "back", other="thing")
        await viewer.until(lambda: len(viewer.of("delta")) > deltas, "the second of two changes")
        front = {row["uid"] for frame in viewer.of("delta")[deltas:] for row in frame["upsert"]}
        assert len(front) == 1


async def test_deployment_shows_the_pods_that_it_owns_through_its_replicasets(
    view: View, control_plane: ControlPlane, namespace: str
) -> None:
    pods.create_deployment_pod(control_plane, namespace, "web", "web-abc-1")
    pods.create_deployment_pod(control_plane, namespace, "web-admin", "web-admin-abc-1")
    pods.create(control_plane, namespace, "web-by-hand", labels={"app": "web"})
    async with view(f"cluster=test&namespace={namespace}&deployment=web") as viewer:
        await viewer.sees("web-abc-1")
        row = viewer.row("web-abc-1")
        assert row is not None
        assert row["owner"] == {"kind": "Deployment", "name": "web"}


async def test_what_a_browser_says_beyond_the_contract_is_ignored(
    view: View, control_plane: ControlPlane, namespace: str
) -> None:
    async with view(f"cluster=test&namespace={namespace}") as viewer:
        await viewer.live(namespace)
        for message in (
            {"type": "from-the-future"},
            {"type": "from-the-future", "token": 7, "namespace": ["x"], "part": "y"},
            {"type": "ack", "namespace": namespace, "token": viewer.tokens[namespace], "more": [1]},
            {"type": "ack", "token": viewer.tokens[namespace]},
            {"type": "ack", "token": "no token of ours"},
            {"type": "ack", "namespace": "another", "token": "x", "part": 99},
        ):
            await viewer.send(message)
        await asyncio.to_thread(pods.create, control_plane, namespace, "later")
        await viewer.sees("later")
        assert viewer.closed_at is None


@pytest.mark.parametrize("portal", ["daphne"], indirect=True)
async def test_a_cluster_that_does_not_answer_still_tells_its_viewers_in_time(
    view: View, dead_cluster: str, silent_cluster: str
) -> None:
    """A first frame within 5 s, heartbeats, and words for what is wrong, though no list ever comes."""

    async def look(cluster: str, namespaces: str) -> None:
        async with view(f"cluster={cluster}&namespace={namespaces}") as viewer:
            await viewer.until(lambda: viewer.frames, "a first frame", HEARTBEAT_SECONDS)
            assert viewer.frames[0]["type"] == "feed"
            await viewer.until(lambda: viewer.of("feed")[-1]["state"] == "stale", "it is called stale", 8)
            last = viewer.of("feed")[-1]
            assert last["since"] is None
            assert last["reason_code"]
            assert last["reason"]
            assert "token" not in last
            print(f"{cluster} {namespaces}: {last['reason']}")

    clusters = (dead_cluster, silent_cluster)
    await asyncio.gather(*(look(cluster, spaces) for cluster in clusters for spaces in ("test-any", "*")))
