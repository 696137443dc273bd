"""The portal's end with many viewers: in time, in words, and with nothing left; and its sudden death.

The short form of tests.reliability.soak_hostile. What tests/serve and tests/consumers/test_ending.py show
of a few viewers is not repeated here.
"""

from collections.abc import Iterator

import pytest

from tests.portal import PortalProcess
from tests.reliability.endings import END_SECONDS, killed, terminated, wait_for_no_watch
from tests.reliability.firehose import Firehose
from tests.reliability.log import unpaired

pytestmark = pytest.mark.slow

VIEWERS = 100


@pytest.fixture(scope="module")
def api() -> Iterator[Firehose]:
    """A cluster that counts its watches."""
    with Firehose(2_000_000) as started:
        yield started


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_many_viewers_are_sent_to_come_back_and_all_ends_in_time(api: Firehose, server: str) -> None:
    """Killed first, and started again on what it left; then terminated."""
    with PortalProcess(api.kubeconfig, server) as portal:
        again, log_start = await killed(portal, api, VIEWERS)
        figures = await terminated(portal, VIEWERS)
        print(f"{server}: serves {VIEWERS} viewers {again:.1f} s after a SIGKILL; SIGTERM: {figures}")
        assert figures.exit_code == 0
        assert figures.seconds < END_SECONDS
        assert figures.codes == {1012: VIEWERS}
        assert figures.ready <= {503}
        wait_for_no_watch(api)
        log = portal.log()[log_start:]
        assert not unpaired(log)
        assert "Traceback" not in log
