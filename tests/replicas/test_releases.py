"""Two releases side by side on one database and one Redis, as in an upgrade and in going back from it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.redis import RedisServer
from tests.replicas.fleet import Fleet
from tests.replicas.releases import NEXT_FORM, Release, previous
from tests.replicas.upgrading import up_and_back
from tests.replicas.writing import Writing, check_steady

PAGES = 40
BACK_SECONDS = 60.0
# A holder that is not heard is given up after 5 s; another form's must not be waited for at all.
LIVE_SECONDS = 25.0


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release before this one."""
    return previous(tmp_path_factory.mktemp("previous"))


@pytest.fixture
def installed(control_plane: ControlPlane, redis: RedisServer, older: Release) -> Iterator[Fleet]:
    """Two portals of the release before this one."""
    with Fleet(control_plane.kubeconfig, redis, release=older) as fleet:
        yield fleet


async def test_a_release_is_rolled_out_and_back_under_viewers(
    installed: Fleet, older: Release, nginx_program: Path, control_plane: ControlPlane, namespace: str
) -> None:
    print(await up_and_back(installed, older, control_plane, namespace, PAGES, BACK_SECONDS))


@pytest.fixture
def two_forms(control_plane: ControlPlane, redis: RedisServer) -> Iterator[Fleet]:
    """A portal, and one with the next wire."""
    values = json.dumps({"pods.live.messages": {"FORM": NEXT_FORM.form}})
    fleet = Fleet(control_plane.kubeconfig, redis, environment={"OTHER_RELEASE": values})
    NEXT_FORM.put_into(fleet.portals[1])
    with fleet:
        yield fleet


async def test_two_forms_of_the_wire_are_fleets_apart(
    two_forms: Fleet, control_plane: ControlPlane, namespace: str
) -> None:
    older, newer = two_forms.portals

    async def watches(*wanted: int) -> None:
        what = f"watches: {wanted}"
        there = partial(has_watches, two_forms, namespace, wanted)
        await asyncio.to_thread(newer.wait_until, there, LIVE_SECONDS, what)

    async with AsyncExitStack() as ends:
        writing = await ends.enter_async_context(Writing.steadily(control_plane, namespace))
        viewers = [await ends.enter_async_context(two_forms.view(number, namespace)) for number in range(2)]
        for number, viewer in enumerate(viewers):
            took = await viewer.until(partial(viewer.rows.get, namespace), "rows", LIVE_SECONDS)
            print(f"portal {number} had rows {took:.2f} s after those before it")
        await watches(1, 1)
        print(f"a change is seen at both within {await writing.reaches(viewers, LIVE_SECONDS):.2f} s")
        for viewer in viewers:
            check_steady(viewer)
        for portal in two_forms.portals:
            assert not portal.metric("k8sportal_fleet_messages_ignored_total"), "they do not hear each other"
        token = viewers[0].tokens[namespace]
        NEXT_FORM.put_into(older)
        await asyncio.to_thread(older.stop)
        await asyncio.to_thread(older.start)
        async with two_forms.view(0, namespace, f"&resume={token}") as back:
            await back.live(namespace, seconds=LIVE_SECONDS)
            assert back.of("snapshot"), "a position in the one fleet means nothing in the other"
            assert back.names() == {"counts", "stays"}
            await watches(0, 1)
            await writing.reaches([viewers[1], back], LIVE_SECONDS)
        check_steady(viewers[1])


def has_watches(fleet: Fleet, namespace: str, wanted: tuple[int, ...]) -> bool:
    """Whether the portals hold so many each."""
    return tuple(fleet.watches(namespace)) == wanted
