"""Series of namespaces nobody looks at any more are forgotten, those in use are not."""

from pods import metrics


def _series(namespace: str) -> int:
    gauges = (metrics.VIEWERS, metrics.UPSTREAM_WATCHES, metrics.FEED_STATE)
    samples = [sample for gauge in gauges for metric in gauge.collect() for sample in metric.samples]
    return sum(sample.labels["namespace"] == namespace for sample in samples)


def test_series_at_zero_are_kept_a_while_and_then_forgotten() -> None:
    for namespace, value in (("left", 0), ("looked-at", 1)):
        metrics.VIEWERS.labels("prod", namespace).set(value)
        metrics.UPSTREAM_WATCHES.labels("prod", "pods", namespace).set(value)
        for state in ("catching_up", "live", "stale"):
            metrics.FEED_STATE.labels("prod", namespace, state).set(value if state == "live" else 0)
    for _ in range(metrics.IDLE_SWEEPS):
        metrics.forget_idle()
    assert _series("left") == 5, "a check that comes later still reads 0"
    metrics.forget_idle()
    assert _series("left") == 0
    assert _series("looked-at") == 5
    for gauge in (metrics.VIEWERS, metrics.UPSTREAM_WATCHES, metrics.FEED_STATE):
        gauge.clear()
