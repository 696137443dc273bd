"""What the portal's account may do decides how it watches; the feed says what is missing (real RBAC)."""

from __future__ import annotations

import pytest

from pods.kube.errors import Forbidden
from pods.kube.objects import list_namespaces, may_list_everywhere
from pods.live.reflector import POLL_SECONDS
from tests.cluster.control_plane import ControlPlane
from tests.kube.conftest import MakeCluster
from tests.kube.viewer import open_watches, requests_made, viewing
from tests.kube.writer import Writer
from tests.watched import WATCHED

REFUSED_SECONDS = 5.0


async def test_one_namespace_is_enough_where_namespaces_may_not_be_listed(
    make_cluster: MakeCluster, control_plane: ControlPlane, writer: Writer
) -> None:
    control_plane.grant("one-namespace", writer.namespace)
    cluster = make_cluster(control_plane.kubeconfig_for("one-namespace"))
    async with viewing(cluster, writer.namespace) as viewer:
        await writer.pod("web")
        await viewer.agrees(writer.truth)
        assert viewer.state.state == "live"
        assert viewer.state.reason is None
        assert open_watches(cluster, "pods") == 1
        assert open_watches(cluster, "replicasets") == 1
        await viewer.sees(lambda: open_watches(cluster, "events") == 1, "the watch of events")
    with pytest.raises(Forbidden) as refused:
        await list_namespaces(cluster)
    assert refused.value.reason.params["resource"] == "namespaces"
    assert not await may_list_everywhere(cluster)


async def test_another_namespace_than_the_granted_one_is_forbidden(
    make_cluster: MakeCluster, control_plane: ControlPlane, writer: Writer
) -> None:
    control_plane.grant("one-namespace", writer.namespace)
    async with viewing(
        make_cluster(control_plane.kubeconfig_for("one-namespace")), "kube-system", synced=False
    ) as viewer:
        await viewer.sees(lambda: _code(viewer) == "forbidden", "forbidden", REFUSED_SECONDS)


async def test_list_without_watch_is_polled_and_the_feed_says_so(
    make_cluster: MakeCluster, control_plane: ControlPlane, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert POLL_SECONDS == 10.0
    monkeypatch.setattr("pods.live.reflector.POLL_SECONDS", 1.0)
    control_plane.grant("list-only", writer.namespace)
    await writer.pod("web")
    cluster = make_cluster(control_plane.kubeconfig_for("list-only"))
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.agrees(writer.truth)
        state = viewer.state
        assert state.state == "live"
        assert state.reason is not None
        assert state.reason.code == "polling"
        assert state.reason.params == {
            "seconds": 1,
            "verb": "watch",
            "resource": "pods",
            "namespace": writer.namespace,
            "group": "",
        }
        await writer.pod("later")
        await writer.delete("web")
        took = await viewer.agrees(writer.truth, 5.0)
        assert viewer.state.state == "live"
        assert open_watches(cluster) == 0
        made = requests_made(cluster)
        assert made["watch", "403"] <= len(WATCHED) + 2, f"the watch is not asked for with every list: {made}"
        print(f"polled every second: shown after {took:.1f} s")


async def test_with_no_right_at_all_the_feed_names_the_verbs_that_are_missing(
    make_cluster: MakeCluster, control_plane: ControlPlane, writer: Writer
) -> None:
    cluster = make_cluster(control_plane.kubeconfig_for("nobody"))
    async with viewing(cluster, writer.namespace, synced=False) as viewer:
        await viewer.sees(lambda: _code(viewer) == "forbidden", "forbidden", REFUSED_SECONDS)
        reason = viewer.state.reason
        assert reason is not None
        assert reason.params == {
            "verb": "list",
            "verbs": "list, watch",
            "resource": "pods",
            "group": "",
            "namespace": writer.namespace,
            "where": f"namespace {writer.namespace}",
        }
        assert reason.sentence == (
            f"The portal's account may not list, watch pods in namespace {writer.namespace}."
        )
        assert viewer.state.since is None
        assert viewer.rows == {}


async def test_a_right_that_is_given_later_is_used_without_a_restart(
    make_cluster: MakeCluster, control_plane: ControlPlane, writer: Writer
) -> None:
    """By the next try, whose pause grows to 30 s at most; here it is the second or third."""
    cluster = make_cluster(control_plane.kubeconfig_for("only-pods"))
    await writer.pod("web")
    async with viewing(cluster, writer.namespace, synced=False) as viewer:
        await viewer.sees(lambda: _code(viewer) == "forbidden", "forbidden", REFUSED_SECONDS)
        control_plane.grant("only-pods", writer.namespace)
        await viewer.sees(lambda: viewer.state.state == "live", "live", 10.0)
        await viewer.agrees(writer.truth)


def _code(viewer: object) -> str | None:
    reason = viewer.state.reason  # type: ignore[attr-defined]
    return reason.code if reason is not None else None
