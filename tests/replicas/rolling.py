"""A rolling restart of all replicas under pages that come through nginx, and what each of them got of it."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests.cluster.processes import free_port
from tests.nginx import portal_site
from tests.portal import PortalProcess
from tests.replicas.fleet import Fleet
from tests.replicas.pages import Page, all_there
from tests.replicas.releases import THIS, Release
from tests.replicas.writing import Writing, check_counted, numbers, seen

BACK_SECONDS = 60.0


class Rolled(NamedTuple):
    """How long all of it took, and until every page was right after the last restart, in seconds."""

    seconds: float
    right_after: float


def before_all(fleet: Fleet) -> tuple[int, str]:
    """A port, and what an nginx serves there."""
    port = free_port()
    return port, portal_site(port, [portal.port for portal in fleet.portals])


async def roll(
    portals: Sequence[PortalProcess], pages: Sequence[Page], writing: Writing, release: Release = THIS
) -> Rolled:
    """Each portal ends and starts again, one after the other, as a Deployment's rollout does it.

    Afterwards they are this release.
    """
    began = time.monotonic()
    for portal in portals:
        await asyncio.to_thread(portal.stop)
        release.put_into(portal)
        await asyncio.to_thread(portal.start)
    ended = time.monotonic()
    await all_there(pages, BACK_SECONDS)
    number = writing.next

    async def reached(page: Page) -> None:
        while seen(page.now) < number:
            await asyncio.sleep(0.1)

    async with asyncio.timeout(BACK_SECONDS):
        await asyncio.gather(*map(reached, pages))
    return Rolled(ended - began, time.monotonic() - ended)


def check_page(page: Page) -> None:
    """All rows came once, then only what had changed, and no pod went back.

    A row may come twice: it is sent as it is by then, which may be before its latest number is told.
    """
    check_rows(page)
    assert page.snapshots() == 1, f"a page got all rows {page.snapshots()} times: {page.history()}"
    sent = page.sent()
    assert {row["name"] for row in sent} <= {"counts"}, "a row was sent that did not change"
    counted = numbers(sent)
    assert counted == sorted(counted), f"a pod went back: {counted}"


def check_rows(page: Page) -> None:
    """No row went, and no pod went back; all rows may have come with each socket."""
    assert not any(frame["remove"] for viewer in page.viewers for frame in viewer.of("delta")), "flickered"
    for viewer in page.viewers:
        check_counted(viewer)
