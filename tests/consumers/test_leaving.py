"""The leak that this product exists for: a page that is closed leaves nothing behind."""

import json

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.cluster.control_plane import ControlPlane
from tests.portal import PortalProcess

REFRESHES = 100
GONE_SECONDS = 20.0


async def _first_snapshot(url: str) -> None:
    """Opens a page's socket, waits until its rows are there, and leaves."""
    async with connect(url, subprotocols=[Subprotocol("k8sportal.v1")], proxy=None) as socket:
        async for message in socket:
            if json.loads(message)["type"] == "snapshot":
                return


async def test_a_page_refreshed_100_times_leaves_as_many_connections_as_before(
    portal: PortalProcess, control_plane: ControlPlane, namespace: str
) -> None:
    """The seed's own test: ESTABLISHED rose with every refresh."""
    watches = control_plane.longrunning_watches("pods")
    before = portal.established()
    url = portal.ws(f"/ws/pods/?cluster=test&namespace={namespace}")
    for _ in range(REFRESHES):
        await _first_snapshot(url)
    assert portal.metric("k8sportal_upstream_watches", resource="pods", namespace=namespace) <= 1

    def nothing_left() -> bool:
        return (
            portal.established() <= before
            and portal.metric("k8sportal_sockets") == 0
            and portal.metric("k8sportal_viewers") == 0
            and portal.metric("k8sportal_upstream_watches") == 0
            and control_plane.longrunning_watches("pods") == watches
        )

    waited = portal.wait_until(nothing_left, GONE_SECONDS, f"{before} established connections, no watch")
    print(f"{REFRESHES} refreshes: back to {before} connections and no watch after {waited:.1f} s")
