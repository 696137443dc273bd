"""Jobs that ended: of thousands the last ones are kept, and only what is kept is told."""

import time

import msgspec

from pods.kube.listwatch import Event
from pods.live.rollouts import FINISHED_KEPT, Rollouts
from tests.live.workloads import finished, rollout

# Of 5,000 finished Jobs: their list may hold up the event loop for so long, in CPU seconds.
JOBS, TAKEN_SECONDS, TOLERANCE = 5_000, 0.05, 5


def test_of_thousands_of_finished_jobs_the_last_ones_are_kept_and_cost_little() -> None:
    told: list[dict[str, str]] = []
    rollouts = Rollouts(told.append)
    jobs = [finished(number * 7919 % JOBS) for number in range(JOBS)]
    running = [rollout(f"running-{number}", kind="Job") for number in range(200)]
    started = time.process_time()
    rollouts.sink("Job").replace([*jobs, *running, finished(1, "other")])
    took = time.process_time() - started
    print(f"{JOBS} finished Jobs are taken over in {took * 1000:.0f} ms")
    assert took < TAKEN_SECONDS * TOLERANCE
    newest = {f"job-{number}" for number in range(JOBS - FINISHED_KEPT, JOBS)}
    everything = newest | {record.uid for record in running} | {"job-1"}
    assert set(rollouts.records) == everything
    told.clear()
    rollouts.sink("Job").apply([Event("MODIFIED", finished(17), "1")])
    assert (told, set(rollouts.records)) == ([], everything), "an old one that is written again stays away"
    done = msgspec.structs.replace(finished(JOBS), uid="running-3")
    done = msgspec.structs.replace(done, rollout=msgspec.structs.replace(done.rollout, uid="running-3"))
    rollouts.sink("Job").apply([Event("MODIFIED", done, "2")])
    assert told == [{f"job-{JOBS - FINISHED_KEPT}": "shop", "running-3": "shop"}], "the oldest goes for it"
    rollouts.sink("Job").apply([Event("DELETED", done, "3")])
    rollouts.sink("Job").forget()
    assert rollouts.records == {}


def test_the_same_list_of_finished_jobs_tells_nothing_and_none_that_are_not_kept_are_told() -> None:
    told: list[dict[str, str]] = []
    rollouts = Rollouts(told.append)
    jobs = [finished(number * 7919 % 3_000) for number in range(3_000)]
    rollouts.sink("Job").replace(jobs)
    assert [len(changes) for changes in told] == [FINISHED_KEPT], "those that are kept, and no more"
    told.clear()
    rollouts.sink("Job").replace(jobs)
    assert told == []
    shifted = [finished(number) for number in range(50, 3_050)]
    rollouts.sink("Job").replace(shifted)
    assert [len(changes) for changes in told] == [100], "50 came, and 50 went"
    told.clear()
    passing = finished(9_000)
    rollouts.sink("Job").apply([Event("ADDED", passing, "1"), Event("DELETED", passing, "2")])
    assert passing.uid not in {uid for changes in told for uid in changes}
