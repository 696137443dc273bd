"""The long form of leaving with a real browser: hundreds of cycles of each, while the shop changes fast.

    python -m tests.reliability.soak_browser --server daphne --output figures.json

Exits with 1 where anything is left 20 s after the browsers' end, or a page had two sockets at once.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import comings
from tests.browser.comings import SHOP, Counts, is_live, spied, visitor
from tests.browser.conftest import CHROMIUM_FLAGS
from tests.portal import ROOT, PortalProcess
from tools.chromium import find_chromium

CYCLES = 300
# At its ordinary speed the shop makes about three changes a second.
SPEED = 15
MIB = 1024 * 1024
MEMORY_ALLOWANCE_MIB = 16.0
# A new tab after so many cycles: a browser keeps what a tab has seen.
CYCLES_A_TAB = 25
WITH_CACHE = (comings.back_from_cache, comings.back_during_connect)
WITHOUT_CACHE = (comings.switch, comings.back_without_cache, comings.duplicate, comings.leave_during_connect)
CACHE_OFF = "--disable-back-forward-cache"


def main(argv: list[str] | None = None) -> int:
    """Runs every coming and going for one server; 1 if anything is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--cycles", type=int, default=CYCLES, help="of each")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args(argv)
    with _shop() as url, PortalProcess(server=asked.server, environment={"PORTAL_DEMO_URL": url}) as portal:
        figures = _soak(portal.url().rstrip("/"), asked.cycles)
        figures["changes_a_second"] = _changes_a_second(portal.log())
    if asked.output is not None:
        asked.output.write_text(json.dumps({"server": asked.server, **figures}, indent=2) + "\n")
    print("\n".join(figures["missed"]) or "Every figure holds.")
    return 1 if figures["missed"] else 0


@contextmanager
def _shop() -> Iterator[str]:
    """A demo cluster that lives fast; its address."""
    command = [sys.executable, "-m", "democluster", "--port", "0", "--speed", str(SPEED)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("demo cluster on ").strip()
        finally:
            process.terminate()


def _soak(url: str, cycles: int) -> dict[str, Any]:
    missed: list[str] = []
    seconds: dict[str, float] = {}
    with sync_playwright() as playwright:

        def chromium(**more: Any) -> Browser:
            return playwright.chromium.launch(
                executable_path=find_chromium(), args=list(CHROMIUM_FLAGS), **more
            )

        with chromium() as plain, chromium(ignore_default_args=[CACHE_OFF]) as caching:
            _tab(plain, url, comings.duplicate, 1, missed)
            counts = Counts(url)
            counts.settle()
            for browser, ways in ((plain, (*WITHOUT_CACHE, comings.crash)), (caching, WITH_CACHE)):
                for way in ways:
                    started = time.monotonic()
                    for done in range(0, cycles, CYCLES_A_TAB):
                        _tab(browser, url, way, min(CYCLES_A_TAB, cycles - done), missed)
                    seconds[way.__name__] = round(time.monotonic() - started, 1)
                    counts.sockets(0)
                    print(f"{way.__name__}: {cycles} in {seconds[way.__name__]} s", flush=True)
        try:
            returned: float | None = round(counts.return_(), 1)
        except AssertionError as error:
            returned, missed = None, [*missed, str(error)]
        after = counts.now()
    grown = (after.memory - counts.before.memory) / MIB
    if grown > MEMORY_ALLOWANCE_MIB:
        missed.append(f"memory grew by {grown:.1f} MiB, at most {MEMORY_ALLOWANCE_MIB}")
    return {
        "cycles_of_each": cycles,
        "seconds": seconds,
        "before": counts.before.counts,
        "after": after.counts,
        "returned_after_seconds": returned,
        "memory_grown_mib": round(grown, 1),
        "missed": missed,
    }


def _tab(browser: Browser, url: str, way: Callable[[Page], None], cycles: int, missed: list[str]) -> None:
    """So many cycles in one tab; one that crashed is replaced."""
    with visitor(browser, url) as context:
        page = _first_page(context, way)
        for _ in range(cycles):
            if page.is_closed():
                page = context.new_page()
            way(page)
        if not page.is_closed() and spied(page, "most") > 1:
            missed.append(f"{way.__name__}: {spied(page, 'most')} sockets at once in one page")


def _first_page(context: BrowserContext, way: Callable[[Page], None]) -> Page:
    """A tab; `switch` begins at a namespace."""
    page = context.new_page()
    if way is comings.switch:
        page.goto(SHOP)
        is_live(page)
    return page


def _changes_a_second(log: str) -> float:
    """The rate of the watches' events, from their ends in the log."""
    ends = [json.loads(line) for line in log.splitlines() if re.search(r'"event": "watch_ended"', line)]
    busiest = max(ends, key=lambda end: end["seconds"], default={"seconds": 0, "events": 0})
    return round(busiest["events"] / busiest["seconds"], 1) if busiest["seconds"] else 0.0


if __name__ == "__main__":
    sys.exit(main())
