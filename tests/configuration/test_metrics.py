"""Series of namespaces nobody looks at any more are forgotten, those in use are not; all are documented."""

import re
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from pods import metrics

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contract.md"


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


def test_every_metric_is_in_the_contract() -> None:
    """By the name that a page of metrics has, with the labels that it has."""
    named = dict(re.findall(r"`(k8sportal_\w+)(?:\{([\w,]*)\})?`", CONTRACT.read_text(encoding="utf-8")))
    for metric in (made for made in vars(metrics).values() if isinstance(made, MetricWrapperBase)):
        name = metric._name + ("_total" if metric._type == "counter" else "")
        assert named.get(name) == ",".join(metric._labelnames), name
