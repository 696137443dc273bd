"""A portal whose credentials, clock or single connection fail: the truth in words, and well again by itself.

Its deadlines are scaled, so that what takes a minute shows in seconds.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.consumers.viewer import viewing
from tests.kube.kubeconfigs import credential, kubeconfig, plugin
from tests.kube.writer import Writer
from tests.reliability.fault_proxy import FaultProxy
from tests.reliability.faults import Fault
from tests.reliability.scaled_portal import ScaledPortal
from tests.reliability.watching import Watched

MUTE_SECONDS = 6.0
PLUGIN_SECONDS = 2.0
FIGURES = {
    "pods.kube.listwatch.MUTE_SECONDS": MUTE_SECONDS,
    "pods.kube.cluster.RELOAD_SECONDS": 0.5,
    "pods.kube.exec_plugin.run_plugin.__defaults__": [PLUGIN_SECONDS],
}
SAID_SECONDS = 20.0
WELL_SECONDS = 40.0
STALE_SECONDS = 5.0
TOLERANCE = 5
SECRET = "s3cr3t-of-the-plugin"


class Place:
    """A portal with a context for each way to hold credentials, and the proxy of the context `test`."""

    def __init__(self, control_plane: ControlPlane, proxy: FaultProxy, folder: Path) -> None:
        self.control_plane = control_plane
        self.proxy = proxy
        self.token = folder / "token"
        self.token.write_text("no-longer-valid")
        good = credential(token=control_plane.token())
        users = {
            "hangs": lambda at: plugin(at, "sleep 60"),
            "fails": lambda at: plugin(at, f"echo {SECRET} >&2; exit 3"),
            "floods": lambda at: plugin(at, f"head -c 300000 /dev/zero >&2\n{good}"),
            "missing": lambda at: {"exec": {"apiVersion": "v1", "command": "no-such-plugin"}},
            "rotated": lambda at: {"tokenFile": str(self.token)},
        }
        paths = [str(control_plane.kubeconfig_for("admin", server=proxy.url))]
        for name, user in users.items():
            (folder / name).mkdir()
            path = Path(kubeconfig(folder / name, control_plane, user(folder / name), context=name).paths)
            # Joined, users and clusters of one name would be the first file's.
            path.write_text(path.read_text().replace('"admin"', f'"{name}"').replace('"test"', f'"{name}"'))
            paths.append(str(path))
        self.portal = ScaledPortal(os.pathsep.join(paths), FIGURES, PORTAL_LINGER_SECONDS="1")

    def namespace(self) -> str:
        """A fresh one, looked for again by the portal if it has just looked."""
        name = self.control_plane.create_namespace(f"identity-{secrets.token_hex(3)}")
        time.sleep(1.0)
        return name

    def url(self, context: str, namespace: str) -> str:
        """Of a socket."""
        return self.portal.ws(f"/ws/pods/?cluster={context}&namespace={namespace}")


@pytest.fixture(scope="module")
def place(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Shared: each test leaves it well."""
    with FaultProxy(control_plane.url, control_plane.folder) as proxy:
        place = Place(control_plane, proxy, tmp_path_factory.mktemp("identity"))
        with place.portal:
            yield place


@pytest.mark.parametrize(
    ("context", "code"),
    [("hangs", "plugin_timed_out"), ("fails", "plugin_failed"), ("missing", "plugin_missing")],
)
async def test_a_plugin_that_fails_is_named_on_the_page(place: Place, context: str, code: str) -> None:
    async with viewing(place.url(context, "default")) as viewer:
        said = "the reason"
        await viewer.until(lambda: code in [f["reason_code"] for f in viewer.of("feed")], said, SAID_SECONDS)
        await viewer.until(lambda: viewer.of("feed")[-1]["state"] == "stale", "stale", SAID_SECONDS)
        assert viewer.closed_at is None
        assert SECRET not in str(viewer.frames)
    assert SECRET not in place.portal.log()


async def test_a_plugin_that_floods_its_error_output_works(place: Place) -> None:
    async with viewing(place.url("floods", "default")) as viewer:
        await Watched(viewer, "default").live(time.monotonic() + SAID_SECONDS)


async def test_a_token_that_is_replaced_late_makes_the_page_live_by_itself(place: Place) -> None:
    async with viewing(place.url("rotated", "default")) as viewer:
        await viewer.until(
            lambda: "unauthorized" in [f["reason_code"] for f in viewer.of("feed")], "a 401", SAID_SECONDS
        )
        place.token.write_text(place.control_plane.token())
        replaced = time.monotonic()
        live = await Watched(viewer, "default").live(replaced + WELL_SECONDS)
        print(f"live {live - replaced:.1f} s after the token was replaced")
        assert viewer.closed_at is None


async def test_one_mute_watch_while_the_cluster_answers_is_noticed(place: Place) -> None:
    namespace = await asyncio.to_thread(place.namespace)
    async with (
        place.control_plane.admin_session() as session,
        viewing(place.url("test", namespace)) as viewer,
    ):
        writer, watched = Writer(session, namespace), Watched(viewer, namespace)
        await watched.live(time.monotonic() + SAID_SECONDS)
        fault = Fault("mute", namespaces=(namespace,), resources=("pods",))
        place.proxy.apply(fault)
        muted = time.monotonic()
        place.proxy.clear()  # the next watch is well
        await writer.pod("unheard")
        right = await watched.shows(await writer.truth(), muted + MUTE_SECONDS * TOLERANCE)
        print(f"right {right - muted:.1f} s after a watch fell mute, of {MUTE_SECONDS} s")
        assert right - muted > MUTE_SECONDS / 2, "it was mute"
        await watched.live(time.monotonic() + SAID_SECONDS)
        assert viewer.closed_at is None


async def test_a_wall_clock_that_is_set_changes_no_state_and_no_duration(place: Place) -> None:
    namespace = await asyncio.to_thread(place.namespace)
    async with (
        place.control_plane.admin_session() as session,
        viewing(place.url("test", namespace)) as viewer,
    ):
        writer, watched = Writer(session, namespace), Watched(viewer, namespace)
        await watched.live(time.monotonic() + SAID_SECONDS)
        begun = time.monotonic()
        try:
            for step in (3600.0, -10_800.0):
                place.portal.step_clock(step)
                await writer.pod(f"pod-{abs(step):.0f}")  # an idle watch would be taken for mute here
                told = len(viewer.received)
                await viewer.until(
                    lambda told=told: any(each.frame["type"] == "feed" for each in viewer.received[told:]),  # type: ignore[misc]
                    "a heartbeat",
                    SAID_SECONDS,
                )
                said = datetime.fromisoformat(viewer.of("feed")[-1]["now"])
                assert abs(said.timestamp() - time.time() - step) < TOLERANCE
            assert {state for _, state, _ in watched.states(begun)} == {"live"}
            place.proxy.cut()
            await viewer.until(lambda: viewer.of("feed")[-1]["state"] == "stale", "stale", SAID_SECONDS)
            last = viewer.of("feed")[-1]
            ago = datetime.fromisoformat(last["now"]) - datetime.fromisoformat(last["since"])
            assert STALE_SECONDS - 0.1 <= ago.total_seconds() <= STALE_SECONDS * TOLERANCE
        finally:
            place.portal.step_clock(0)
            place.proxy.restore()
        await watched.live(time.monotonic() + WELL_SECONDS)
