"""The long form of an upgrade and the way back: under two hundred pages.

    python -m tests.replicas.soak_upgrades --server daphne --output figures.json

`--server` is that of all replicas. Exits with 1 where something does not hold.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.redis import RedisServer
from tests.replicas.fleet import SERVERS, Fleet
from tests.replicas.releases import previous
from tests.replicas.upgrading import up_and_back
from tools.debian import ensure_installed

PAGES = 200
OPEN_SECONDS = 120.0
# The limits are for people; here everybody comes from one address.
SETTINGS = {"PORTAL_MAX_SOCKETS_PER_PERSON": "1000"}


def main(argv: list[str] | None = None) -> int:
    """Up and back; 1 where something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=SERVERS, default="daphne")
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args(argv)
    ensure_installed()
    figures: dict[str, Any] = {"server": asked.server, "missed": ""}
    with (
        ControlPlane() as cluster,
        RedisServer() as redis,
        tempfile.TemporaryDirectory() as folder,
    ):
        older = previous(Path(folder))
        settings = {**SETTINGS, "PORTAL_SERVER": asked.server}
        with Fleet(cluster.kubeconfig, redis, environment=settings, release=older) as fleet:
            namespace = cluster.create_namespace("test-upgraded")
            try:
                run = up_and_back(fleet, older, cluster, namespace, asked.pages, OPEN_SECONDS)
                figures |= asyncio.run(run)
            except AssertionError as error:
                figures["missed"] = str(error)
    if asked.output is not None:
        asked.output.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    print(figures["missed"] or "Everything holds.")
    return 1 if figures["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
