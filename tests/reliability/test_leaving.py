"""Whoever leaves, in whatever way, leaves nothing: every count is exactly as before, under both servers.

The ways and the counting are the product's own (pods.leakcheck), so that what is shown here is what
`manage.py leakcheck` shows an operator. The portals are busy: 50 changes a second in the namespace.
"""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pods.leakcheck.check import RETURN_SECONDS, Outcome, Plan, check
from pods.leakcheck.report import report
from pods.leakcheck.target import Address, Target
from pods.leakcheck.ways import ALL_WAYS, WAYS, Leave, Way
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.browser import Browser
from tests.portal import ADMIN_PASSWORD, ROOT, PortalProcess
from tests.reliability.log import openings, unpaired
from tests.reliability.slow_api import SlowApi
from tests.reliability.traffic import PER_SECOND, traffic

SERVERS = ("daphne", "uvicorn")
CYCLES = 12
CONCURRENCY = 8
MANY_PODS = 300
SETTINGS = {"PORTAL_LINGER_SECONDS": "1"}
# The first of each kind of work takes memory that is kept; a leak of 500 kB a viewer would take 200 MiB.
MEMORY_ALLOWANCE = 32 * 1024 * 1024
# Those that leave while the first list of a cluster is on its way.
WHILE_LISTING = ("handshake", "opening", "half-message", "handler", "request", "burst")

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def slow_api(control_plane: ControlPlane) -> Iterator[SlowApi]:
    """The same API server, whose lists of pods take 3 seconds."""
    with SlowApi(control_plane).running() as running:
        yield running


@pytest.fixture(scope="module")
def portals(control_plane: ControlPlane, slow_api: SlowApi) -> Iterator[dict[str, PortalProcess]]:
    """A portal under each server, in front of both; started side by side."""
    configs = (
        control_plane.kubeconfig_for("admin"),
        control_plane.kubeconfig_for("admin", context="slow", server=slow_api.url),
    )
    kubeconfig = ":".join(map(str, configs))
    made = {server: PortalProcess(kubeconfig, server, SETTINGS) for server in SERVERS}
    hidden = SETTINGS | {"PORTAL_ANONYMOUS_READ": "0"}
    made["leaky"] = PortalProcess(control_plane.kubeconfig, "daphne", hidden, "tests.reliability.leaky")
    made["tidy"] = PortalProcess(control_plane.kubeconfig, "uvicorn", SETTINGS)
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        list(pool.map(stack.enter_context, made.values()))
        yield made
        list(pool.map(PortalProcess.stop, made.values()))


@dataclass(frozen=True)
class Checks:
    """The command's runs at the tidy portal and the leaky one, under way since the tests began."""

    tidy: Future[Done]
    leaky: Future[Done]


@pytest.fixture(scope="module", autouse=True)
def checks(portals: dict[str, PortalProcess], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checks]:
    """They take half a minute, most of it waiting, so they go on beside the other tests."""
    cookie = tmp_path_factory.mktemp("leaky") / "cookie"
    cookie.write_text(Browser(portals["leaky"]).sign_in("admin", ADMIN_PASSWORD).cookie)
    with ThreadPoolExecutor() as pool:
        words = ("--cycles", "3", "--kinds", "close", "--cookie-file", str(cookie))
        leaky = pool.submit(_leakcheck, portals["leaky"], *words)
        yield Checks(pool.submit(_leakcheck, portals["tidy"], "--cycles", "3"), leaky)


def _leakcheck(portal: PortalProcess, *words: str) -> Done:
    return subprocess.run(
        [sys.executable, "manage.py", "leakcheck", *words],
        cwd=ROOT,
        env=portal.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "who is not signed in may see no namespace"),
        (("--url", "http://127.0.0.1:1"), "http://127.0.0.1:1/api/v1/overview cannot be reached"),
        (("--url", "127.0.0.1:8000"), "is no address"),
        (("--metrics-url", "{url}livez"), "holds no metrics of a portal"),
        (("--metrics-url", "{url}nowhere"), "answers 404, and not with metrics"),
        (("--kinds", "reset,flight"), "There is no way of leaving 'flight'. Known: mute, "),
        (("--cycles", "0"), "--cycles must be 1 or more"),
        (("--cluster", "test", "--namespace", "default"), "the portal refused: Sign in to see this"),
        (("--cookie-file", "/nowhere"), "/nowhere cannot be read"),
    ],
)
def test_where_it_cannot_check_the_command_says_why(
    portals: dict[str, PortalProcess], words: tuple[str, ...], says: str
) -> None:
    url = portals["leaky"].url()
    if "--metrics-url" in words:
        words = (*words, "--cluster", "test", "--namespace", "default")
    with pytest.raises(CommandError) as refused:
        call_command("leakcheck", "--url", url, *(word.format(url=url) for word in words), stdout=StringIO())
    assert refused.value.returncode == 2
    assert says in str(refused.value)


def _while_listing(slow: str, leave: Leave) -> Leave:
    """The same way of leaving, at the cluster whose lists take long."""

    async def then(target: Target, cycle: int) -> None:
        await leave(replace(target, query=slow), cycle)

    return then


async def _check(portal: PortalProcess, namespace: str) -> Outcome:
    slow = f"cluster=slow&namespace={namespace}"
    ways = [
        *WAYS,
        *(
            Way(f"{way.name}, while listing", way.what, _while_listing(slow, way.leave), way.sockets)
            for way in WAYS
            if way.name in WHILE_LISTING
        ),
    ]
    address = Address.parse(portal.url())
    target = Target(address, "", f"cluster=test&namespace={namespace}")
    return await check(Plan(target, [address.at("/metrics")], ways, CYCLES, CONCURRENCY, lambda _: None))


async def test_every_way_of_leaving_leaves_nothing(
    portals: dict[str, PortalProcess], control_plane: ControlPlane, slow_api: SlowApi, namespace: str
) -> None:
    """Tasks, threads, descriptors, connections, watches and all, within 20 s, on both sides."""
    await pods.create_many(control_plane, namespace, MANY_PODS)
    watches = {each: control_plane.longrunning_watches(each) for each in ("pods", "events")}
    async with traffic(control_plane, namespace) as written:
        outcomes = await asyncio.gather(*(_check(portals[server], namespace) for server in SERVERS))
    print(f"{written.changes} changes, {written.rate:.0f} a second of {PER_SECOND}")
    for server, outcome in zip(SERVERS, outcomes, strict=True):
        print(f"{server}\n{report(outcome)}")
        assert not outcome.failures, server
        assert outcome.after.counts["sockets"] == outcome.before.counts["sockets"] == 0
        assert outcome.left == {}, f"{server}: {portals[server].open_files()}"
        assert outcome.waited <= RETURN_SECONDS
        assert outcome.after.memory - outcome.before.memory < MEMORY_ALLOWANCE, server
        _paired(portals[server])
    # Another test's portal, with the same API server, may have ended one of its own meanwhile.
    for resource, before in watches.items():
        assert control_plane.longrunning_watches(resource) <= before, resource


@pytest.mark.parametrize("server", SERVERS)
async def test_a_list_that_nobody_waits_for_any_more_is_given_up(
    portals: dict[str, PortalProcess], slow_api: SlowApi, namespace: str, server: str
) -> None:
    """The viewer has left, and the linger is over, long before the list would come."""
    portal, before = portals[server], slow_api.given_up
    slow_api.seconds = 120.0
    target = Target(Address.parse(portal.url()), "", f"cluster=slow&namespace={namespace}")
    await next(way for way in WAYS if way.name == "half-message").leave(target, 0)
    await asyncio.to_thread(
        portal.wait_until, lambda: slow_api.given_up > before, RETURN_SECONDS, "the list is given up"
    )
    await asyncio.to_thread(
        portal.wait_until, lambda: portal.metric("k8sportal_feeds") == 0, RETURN_SECONDS, "no feed runs"
    )
    assert slow_api.waiting == 0


def _paired(portal: PortalProcess) -> None:
    """The log of all that: a line for each end of a socket or a watch, and no traceback."""
    portal.wait_until(lambda: not unpaired(portal.log()), RETURN_SECONDS, "a line for each end")
    opened = openings(portal.log())
    print(f"{opened['socket']} sockets and {opened['watch']} watches in the log, each with its end")
    assert opened["socket"] > CYCLES * len(WAYS) / 2
    assert opened["watch"] >= 2
    assert "Traceback" not in portal.log()


def test_the_document_names_every_way() -> None:
    text = (ROOT / "docs" / "leakcheck.md").read_text()
    assert [way.name for way in ALL_WAYS if f"| `{way.name}` | {way.what} |" not in text] == []


async def test_the_command_tells_a_tidy_portal_from_a_leaky_one(
    portals: dict[str, PortalProcess], checks: Checks
) -> None:
    """0 for the one; 1 with what is left for the other, whose lifecycles do not end."""
    tidy, leaky = await asyncio.gather(*map(asyncio.wrap_future, (checks.tidy, checks.leaky)))
    print(leaky.stdout)
    assert tidy.returncode == 0, tidy.stdout + tidy.stderr
    assert "Nothing is left" in tidy.stdout
    for way in WAYS:
        assert f"\n{way.name} " in tidy.stdout
    assert "log-close: left out, no log with lines in it may be read" in tidy.stdout
    assert leaky.returncode == 1, leaky.stdout + leaky.stderr
    assert "lifecycles" in leaky.stdout.split("\n\n")[1], "left soon after"
    assert "reaped by the portal itself" in leaky.stderr
    assert "Traceback" not in tidy.stderr + leaky.stderr
    assert '"reaped"' in portals["leaky"].log(), "the portal itself says so, as an error"


async def test_an_interrupted_check_leaves_nothing_itself(
    portals: dict[str, PortalProcess], checks: Checks
) -> None:
    tidy = portals["tidy"]
    await asyncio.wrap_future(checks.tidy)
    words = ("leakcheck", "--cycles", "100000", "--kinds", "close")
    with subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=tidy.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # CI's may ignore it
    ) as process:
        await asyncio.to_thread(
            tidy.wait_until, lambda: tidy.metric("k8sportal_sockets") > 4, 30, "viewers come and go"
        )
        process.send_signal(signal.SIGINT)
        _, said = await asyncio.to_thread(process.communicate, timeout=20)
    assert (process.returncode, said) == (130, "CommandError: Interrupted: nothing can be said.\n")
    await asyncio.to_thread(
        tidy.wait_until, lambda: tidy.metric("k8sportal_lifecycles") == 0, RETURN_SECONDS, "they are gone"
    )
