"""The long form of the fleet: a thousand viewers at each of three replicas, and a rolling restart under them.

    python -m tests.replicas.soak --server daphne --output figures.json

`--server` is that of all replicas. Exits with 1 where a figure does not hold.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.cluster.apimetrics import open_watches
from tests.cluster.control_plane import ControlPlane
from tests.nginx import Nginx
from tests.redis import RedisServer
from tests.replicas.fleet import SERVERS, Fleet
from tests.replicas.pages import looking
from tests.replicas.rolling import before_all, check_page, roll
from tests.replicas.watching import watching
from tests.replicas.writing import Writing, check_steady
from tools.debian import ensure_installed

REPLICAS = 3
VIEWERS = 1_000
OPEN_SECONDS = 300.0
RIGHT_SECONDS = 60.0
# The limits are for people; here everybody comes from one address.
SETTINGS = {"PORTAL_MAX_SOCKETS_PER_PERSON": "5000"}


def main(argv: list[str] | None = None) -> int:
    """Both parts; 1 where a figure does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=SERVERS, default="daphne")
    parser.add_argument("--viewers", type=int, default=VIEWERS, help="at each replica")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args(argv)
    ensure_installed()
    settings = {**SETTINGS, "PORTAL_SERVER": asked.server}
    figures: dict[str, Any] = {"server": asked.server, "viewers_at_each": asked.viewers}
    with ControlPlane() as cluster, RedisServer() as redis:
        with (
            Fleet(cluster.kubeconfig, redis, REPLICAS, settings) as fleet,
            Nginx(*before_all(fleet)) as nginx,
        ):
            try:
                figures |= asyncio.run(_share(cluster, fleet, asked.viewers))
                figures |= asyncio.run(_roll(cluster, fleet, nginx, asked.viewers))
                missed = ""
            except AssertionError as error:
                missed = str(error)
    figures["missed"] = missed
    if asked.output is not None:
        asked.output.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    print(missed or "Every figure holds.")
    return 1 if missed else 0


async def _share(cluster: ControlPlane, fleet: Fleet, viewers: int) -> dict[str, Any]:
    """So many at each replica: one watch, by the API server's own count, and all right."""
    namespace = cluster.create_namespace("test-shared")
    async with Writing.steadily(cluster, namespace) as writing:
        began = time.monotonic()
        async with watching(fleet, namespace, viewers, OPEN_SECONDS) as everybody:
            opened = time.monotonic() - began
            took = await writing.reaches(everybody, RIGHT_SECONDS)
            watches = open_watches(cluster.api("GET", "/metrics").body.decode(), "pods", None)
            assert watches == 1, f"{watches} pod watches at the API server"
            for viewer in everybody:
                check_steady(viewer)
    return {
        "all_live_after": round(opened, 1),
        "a_change_reached_all_after": round(took, 2),
        "pod_watches_at_the_api_server": watches,
    }


async def _roll(cluster: ControlPlane, fleet: Fleet, nginx: Nginx, count: int) -> dict[str, Any]:
    """Every replica restarts, one after the other, under so many pages through nginx."""
    namespace = cluster.create_namespace("test-rolled")
    url = nginx.ws(f"/ws/pods/?cluster=test&namespace={namespace}")
    async with Writing.steadily(cluster, namespace) as writing:
        async with looking(url, namespace, count, OPEN_SECONDS) as pages:
            rolled = await roll(fleet.portals, pages, writing)
            for page in pages:
                check_page(page)
            moves = sum(len(page.viewers) - 1 for page in pages)
    return {
        "restarted_within": round(rolled.seconds, 1),
        "moves_of_pages": moves,
        "right_after_the_last_restart": round(rolled.right_after, 2),
    }


if __name__ == "__main__":
    sys.exit(main())
