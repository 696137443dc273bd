"""The alert rules: well formed, of metrics that exist, each with its place in the runbook."""

import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from tools.documentation import anchors

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
OPERATING = ROOT / "docs" / "operating.md"

# What a metric of each type is called in its samples.
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
RUNTIME = "python_"  # what prometheus_client tells of the interpreter
DURATION = re.compile(r"\d+[smh]")
FIELD = re.compile(r"\{\{ \$(\w+)(?:\.(\w+))?(?: \| \w+)? \}\}")


class UniqueKeys(yaml.SafeLoader):
    """YAML as it is meant: a key that comes twice is an error."""


def _mapping(loader: UniqueKeys, node: yaml.MappingNode) -> dict[str, Any]:
    pairs = [
        (loader.construct_object(key), loader.construct_object(value, deep=True)) for key, value in node.value
    ]
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), keys
    return dict(pairs)


UniqueKeys.add_constructor("tag:yaml.org,2002:map", _mapping)


def _document() -> Any:
    return yaml.load(RULES.read_text(encoding="utf-8"), UniqueKeys)


ALL = [rule for group in _document()["groups"] for rule in group["rules"]]
each_rule = pytest.mark.parametrize("rule", ALL, ids=[rule["alert"] for rule in ALL])


def _samples() -> dict[str, set[str]]:
    """The names of samples that the registry can give, with their labels."""
    found: dict[str, set[str]] = {}
    for collector in list(REGISTRY._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        for metric in getattr(collector, "describe", collector.collect)():
            for suffix in SUFFIXES.get(metric.type, ("",)):
                found[metric.name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return found


def _selectors(expression: Any) -> list[Any]:
    """Every selector of a series in a parsed expression, however deep."""
    if isinstance(expression, promql_parser.VectorSelector):
        return [expression]
    if isinstance(expression, promql_parser.MatrixSelector):
        return [expression.vector_selector]
    parts = [getattr(expression, name, None) for name in ("expr", "lhs", "rhs", "param")]
    parts += getattr(expression, "args", None) or []
    return [selector for part in parts if part is not None for selector in _selectors(part)]


def test_the_file_has_the_shape_that_prometheus_reads() -> None:
    document = _document()
    assert document.keys() == {"groups"}
    names = [group["name"] for group in document["groups"]]
    assert len(set(names)) == len(names) > 0
    for group in document["groups"]:
        assert group.keys() == {"name", "rules"}
    alerts = [rule["alert"] for rule in ALL]
    assert len(set(alerts)) == len(alerts) >= 15


@each_rule
def test_a_rule_is_whole(rule: dict[str, Any]) -> None:
    assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"K8sportal[A-Z]\w+", rule["alert"])
    assert DURATION.fullmatch(rule["for"])
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    for text in rule["annotations"].values():
        assert isinstance(text, str)
        assert "{{" not in FIELD.sub("", text), "a field that is not one"


@each_rule
def test_its_expression_parses_and_names_series_that_the_portal_tells(rule: dict[str, Any]) -> None:
    selectors = _selectors(promql_parser.parse(rule["expr"]))
    assert selectors
    samples = _samples()
    for selector in selectors:
        assert selector.name in samples, selector.name
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= samples[selector.name]


@each_rule
def test_its_words_name_labels_that_its_result_has(rule: dict[str, Any]) -> None:
    """Of a sum the labels that it keeps; of a bare series its own, and those of the scrape."""
    kept = re.findall(r"by \(([^)]*)\)", rule["expr"])
    samples = _samples()
    names = [selector.name for selector in _selectors(promql_parser.parse(rule["expr"]))]
    labels = {"job", "instance"} | samples[names[0]]
    if rule["expr"].startswith(("sum", "histogram_quantile")):
        labels = {word.strip() for word in kept[0].split(",")}
    for text in rule["annotations"].values():
        for variable, label in FIELD.findall(text):
            assert variable in ("labels", "value")
            assert variable == "value" or label in labels, label


@each_rule
def test_it_has_its_place_in_the_runbook(rule: dict[str, Any]) -> None:
    name, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    text = (ROOT / name).read_text(encoding="utf-8")
    assert anchor in anchors(text)
    assert f"`{rule['alert']}`" in text, "the runbook names the alert"


def test_the_runbook_speaks_of_no_alert_that_is_gone() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(K8sportal\w+)`", text)) == {rule["alert"] for rule in ALL}


def test_every_metric_is_documented_and_every_documented_one_exists() -> None:
    documented = set(re.findall(r"^\| `(\w+)", OPERATING.read_text(encoding="utf-8"), re.MULTILINE))
    told = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in REGISTRY.collect()
        if not metric.name.startswith((RUNTIME, "process_"))
    }
    assert documented == told


@pytest.mark.parametrize("document", ["contract.md", "operating.md", "runbook.md"])
def test_documents_name_only_metrics_that_exist(document: str) -> None:
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    named = set(re.findall(r"\bk8sportal_[a-z_]+\b", text)) - {"k8sportal_session", "k8sportal_csrf"}
    known = _samples().keys() | {metric.name for metric in REGISTRY.collect()}
    assert named
    assert named <= known
