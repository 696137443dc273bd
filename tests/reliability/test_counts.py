"""What the leak check reads of a page of metrics."""

from pods.leakcheck.counts import COUNTS, Reading, series_of

PAGE = """
# HELP k8sportal_viewers Viewers of a namespace.
# TYPE k8sportal_viewers gauge
k8sportal_viewers{cluster="a",namespace="b c"} 2.0
k8sportal_viewers{cluster="a",namespace="d"} 3.0
k8sportal_server_sockets NaN
k8sportal_tcp_connections{state="close_wait"} 4.0
k8sportal_loop_stall_seconds_bucket{le="+Inf"} 7.0
process_start_time_seconds 1.7e+09
"""


def test_series_are_added_up_and_what_is_not_known_counts_as_nothing() -> None:
    """Under `runserver` nobody knows the server's own sockets: NaN."""
    found = series_of(PAGE)
    assert found["k8sportal_viewers"] == 5
    assert found['k8sportal_tcp_connections{state="close_wait"}'] == 4
    assert found["k8sportal_server_sockets"] == 0
    assert found["process_start_time_seconds"] == 1.7e9


def test_what_one_replica_holds_more_is_not_made_up_for_by_another() -> None:
    nothing = dict.fromkeys(COUNTS, 0)
    before = Reading((nothing | {"feeds": 1}, nothing), 0, (1.0, 2.0))
    after = Reading((nothing, nothing | {"feeds": 1, "tasks": 2}), 0, (1.0, 2.0))
    assert after.beyond(before) == {"feeds": 1, "tasks": 2}
    assert after.beyond(before, ("sockets",)) == {}
    assert after.counts["feeds"] == before.counts["feeds"] == 1
