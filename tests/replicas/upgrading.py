"""An upgrade and the way back under pages that look on, with all that must hold while both releases run."""

import asyncio
import json
import re
import sqlite3
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.consumers.browser import Browser
from tests.consumers.desk import Desk
from tests.nginx import Nginx
from tests.portal import PortalProcess
from tests.replicas.fleet import PASSWORD, Fleet
from tests.replicas.pages import Page, looking
from tests.replicas.releases import THIS, Release
from tests.replicas.rolling import before_all, check_rows, roll
from tests.replicas.writing import Writing

TOLD_SECONDS = 20.0
# What a later release's migration may do while this one runs: docs/upgrades.md.
EXPANDED = """
ALTER TABLE pods_grant ADD COLUMN later varchar(20) NULL;
ALTER TABLE pods_namespace ADD COLUMN later varchar(20) NOT NULL DEFAULT '';
CREATE TABLE pods_later (id integer PRIMARY KEY);
INSERT INTO django_migrations (app, name, applied) VALUES ('pods', '9999_later', '2030-01-01');
"""


async def up_and_back(
    installed: Fleet, older: Release, cluster: ControlPlane, namespace: str, count: int, seconds: float
) -> dict[str, Any]:
    """Two portals of `older` become this build and then `older` again, under so many pages behind nginx.

    The pages have `seconds` to open. Gives what was measured.
    """
    first, second = installed.portals
    aside = cluster.create_namespace(f"{namespace}-aside")
    with Nginx(*before_all(installed)) as nginx:
        async with AsyncExitStack() as ends:
            writing = await ends.enter_async_context(Writing.steadily(cluster, namespace))
            path = f"/ws/pods/?cluster=test&namespace={namespace}"
            pages: list[Page] = []
            # One at each portal itself besides: nginx sends nobody back to one that has just started.
            for url, many in ((nginx.ws(path), count), (first.ws(path), 1), (second.ws(path), 1)):
                pages += await ends.enter_async_context(looking(url, namespace, many, seconds))
            await ends.enter_async_context(watched(pages))
            rolled = [await roll([first], pages, writing, THIS)]
            await asyncio.to_thread(check_together, installed, nginx, namespace, aside)
            if older.form == THIS.form:
                await installed.settle(namespace)
                await asyncio.to_thread(check_understood, installed)
            rolled.append(await roll([second], pages, writing, THIS))
            rolled += [await roll([portal], pages, writing, older) for portal in installed.portals]
            for page in pages:
                check_rows(page)
            moves = sum(len(page.viewers) - 1 for page in pages)
    assert moves >= 2 * count
    assert all(ready(portal) for portal in installed.portals)
    return {
        "older": older.name,
        "pages": count,
        "moves_of_pages": moves,
        "pages_that_got_all_rows_again": sum(page.snapshots() > 1 for page in pages),
        "restarts_within": round(sum(each.seconds for each in rolled), 1),
        "right_after_a_restart_at_the_latest": round(max(each.right_after for each in rolled), 2),
    }


@asynccontextmanager
async def watched(pages: Sequence[Page]) -> AsyncIterator[None]:
    """Whoever looks has the rows at every moment of the block."""
    missed: set[str] = set()

    async def watch() -> None:
        while True:
            missed.update(str(page) for page in pages if page.now.names() != {"counts", "stays"})
            await asyncio.sleep(0.05)

    task = asyncio.create_task(watch(), name="watches pages")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert not missed, f"{len(missed)} pages were without rows: {missed}"


def check_together(fleet: Fleet, nginx: Nginx, namespace: str, aside: str) -> None:
    """The first portal is of the newer release, the second of the older, and the database of a later one.

    Rights are taken away from `aside`, a namespace at which nobody looks.
    """
    newer, older = fleet.portals
    with closing(sqlite3.connect(newer.folder / "data" / "portal.sqlite3", timeout=20)) as database:
        database.executescript(EXPANDED)
    assert ready(newer)
    assert ready(older), "the older release works on what the newer one has migrated"
    rows = f"/api/v1/pods?cluster=test&namespace={aside}"
    with Desk(older) as desk:
        desk.person("other", PASSWORD, "others")
        desk.grant("others", "test-*")
        for hidden in (False, True, False):
            desk.hide(aside, hidden)
            said = f"the newer release heeds what the older one writes: hidden is {hidden}"
            newer.wait_until(partial(shows, newer, rows, not hidden), TOLD_SECONDS, said)
    for here, there in ((newer, older), (older, newer)):
        cookie = Browser(here).sign_in("other", PASSWORD).cookie
        assert b"Signed in as" in Browser(there).get("/", Cookie=cookie).body, "one session for both"
    check_files(fleet, nginx, namespace)


def check_understood(fleet: Fleet) -> None:
    """Two releases of one form of the wire: neither says anything that the other cannot read."""
    for portal in fleet.portals:
        for reason in ("shape", "form", "installation"):
            ignored = portal.metric("k8sportal_fleet_messages_ignored_total", reason=reason)
            assert not ignored, f"{ignored:.0f} messages of the other release, because of their {reason}"


def check_files(fleet: Fleet, nginx: Nginx, namespace: str) -> None:
    """Whichever portal a page is from, nginx finds its files."""
    page = f"/pods/?cluster=test&namespace={namespace}"
    named = [set(re.findall(r'"(/static/[^"]+)"', portal.get(page))) for portal in fleet.portals]
    assert all(len(names) >= 3 for names in named)
    for name in set().union(*named):
        for _ in fleet.portals:
            with urllib.request.urlopen(nginx.url(name), timeout=20) as answer:
                assert answer.status == 200, name


def ready(portal: PortalProcess) -> bool:
    """Whether it is, and not even degraded."""
    return json.loads(portal.get("/readyz"))["status"] == "ok"


def shows(portal: PortalProcess, path: str, wanted: bool) -> bool:
    """Whether nobody in particular gets the rows there, or does not."""
    return (Browser(portal).get(path).status == 200) is wanted
