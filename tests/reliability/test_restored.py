"""What a cluster does that breaks no connection by itself, or breaks it and comes back as another."""

from __future__ import annotations

import asyncio
import time

from tests.cluster.backup import Backup
from tests.kube.etcd import Etcd
from tests.kube.writer import Writer, running
from tests.reliability.stage import Stage
from tests.reliability.watching import Watched

SHOWN_SECONDS = 5.0
RESTORED_SECONDS = 25.0
FIRST_SECONDS = 15.0
VERSIONS = 200


async def test_a_cluster_restored_from_a_backup_is_never_called_live_with_what_it_was(stage: Stage) -> None:
    """Its versions lie behind what was seen, and it takes a watch from there with 200 and silence."""
    namespace = await asyncio.to_thread(stage.new_namespace, "restored")
    async with stage.control_plane.admin_session() as session:
        writer = Writer(session, namespace)
        await writer.pod("kept")
        backup = await asyncio.to_thread(Backup, stage.control_plane)
        async with stage.viewing("test", namespace) as plain, stage.viewing("paged", namespace) as paged:
            watched = [Watched(plain, namespace), Watched(paged, namespace)]
            await writer.pod("forgotten")
            for count in range(VERSIONS):
                await writer.status("kept", running(count))
            before = await writer.truth()
            for each in watched:
                await each.shows(before, time.monotonic() + FIRST_SECONDS)
                await each.live(time.monotonic() + FIRST_SECONDS)
            begun = time.monotonic()
            await asyncio.to_thread(backup.restore)
            truth = await writer.truth()
            assert truth != before
            for each in watched:
                right = await each.shows(truth, time.monotonic() + RESTORED_SECONDS)
                live = await each.live(time.monotonic() + RESTORED_SECONDS)
                print(f"right {right - begun:.1f} s, live {live - begun:.1f} s after the restoration began")
                away = next(at for at, state, _ in each.states(begun) if state != "live")
                called_live = each.shown_when_live(away)
                assert called_live
                assert all(shown == truth for shown in called_live)
                assert each.viewer.closed_at is None
            await writer.status("kept", running(restarts=1))
            for each in watched:
                await each.shows(await writer.truth(), time.monotonic() + SHOWN_SECONDS)


async def test_a_namespace_deleted_and_made_again_is_watched_on(stage: Stage) -> None:
    """Nothing breaks: the watch is one of names."""
    namespace = await asyncio.to_thread(stage.new_namespace, "again")
    async with stage.control_plane.admin_session() as session, stage.viewing("test", namespace) as viewer:
        writer, watched = Writer(session, namespace), Watched(viewer, namespace)
        old = await writer.pod("web")
        await watched.shows(await writer.truth(), time.monotonic() + FIRST_SECONDS)
        await watched.live(time.monotonic() + FIRST_SECONDS)
        begun = time.monotonic()
        await asyncio.to_thread(_delete_namespace, stage, writer)
        await watched.shows({}, time.monotonic() + SHOWN_SECONDS)
        await asyncio.to_thread(stage.control_plane.create_namespace, namespace)
        new = await writer.pod("web")
        assert new["metadata"]["uid"] != old["metadata"]["uid"]
        await watched.shows(await writer.truth(), time.monotonic() + SHOWN_SECONDS)
        assert {state for _, state, _ in watched.states(begun)} <= {"live"}
        assert viewer.of("error") == []


def _delete_namespace(stage: Stage, writer: Writer) -> None:
    """As the namespace controller does it, which does not run here."""
    path = f"/api/v1/namespaces/{writer.namespace}"
    api = stage.control_plane.api
    api("DELETE", path)
    api("DELETE", f"{path}/pods", {"gracePeriodSeconds": 0})
    body = api("GET", path).json()
    body["spec"]["finalizers"] = []
    api("PUT", f"{path}/finalize", body)


async def test_objects_of_an_api_server_whose_clock_is_wrong_are_shown_like_others(stage: Stage) -> None:
    """Made in the future, or long ago: what tells fresh from old is never an object's time."""
    namespace = await asyncio.to_thread(stage.new_namespace, "clocks")
    async with stage.control_plane.admin_session() as session, stage.viewing("test", namespace) as viewer:
        writer, watched = Writer(session, namespace), Watched(viewer, namespace)
        await watched.live(time.monotonic() + FIRST_SECONDS)
        begun = time.monotonic()
        etcd = Etcd(stage.control_plane)
        for year in ("1970", "2026", "2038", "2999"):
            made = f"{year}-01-02T03:04:05Z"
            await asyncio.to_thread(etcd.put_pods, {namespace: [f"pod-{year}"]}, made)
            await watched.shows(await writer.truth(), time.monotonic() + SHOWN_SECONDS)
            row = viewer.row(f"pod-{year}")
            assert row is not None
            assert row["created"] == made
        assert {state for _, state, _ in watched.states(begun)} <= {"live"}
