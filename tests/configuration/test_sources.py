"""Which clusters the environment offers, and what it says when it cannot."""

import os
from pathlib import Path
from textwrap import dedent

import pytest

from pods.kube.source import DemoSource, InClusterSource, KubeconfigSource
from pods.sources import Found, demo_source, find_sources

NOTHING = Path("/nonexistent")


def kubeconfig(folder: Path, name: str, contexts: dict[str, str], current: str = "") -> Path:
    """A kubeconfig with these contexts (name to namespace), each of a cluster of its own."""
    lines = ["apiVersion: v1", "kind: Config", f"current-context: {current!r}", "clusters:"]
    lines += [
        f"- {{name: 'c-{context}', cluster: {{server: 'https://127.0.0.1:1'}}}}" for context in contexts
    ]
    lines.append("contexts:")
    for context, namespace in contexts.items():
        inner = f"cluster: 'c-{context}', user: u" + (f", namespace: {namespace}" if namespace else "")
        lines.append(f"- {{name: '{context}', context: {{{inner}}}}}")
    path = folder / name
    path.write_text("\n".join(lines))
    return path


def find(kubeconfig: object = "", fallback: Path = NOTHING, account: Path = NOTHING, host: str = "") -> Found:
    return find_sources(str(kubeconfig), fallback, {"KUBERNETES_SERVICE_HOST": host}, account)


def ids(found: Found) -> list[str]:
    return [error.id for error in found.errors]


def test_all_contexts_are_offered_and_the_current_one_opens(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "config", {"arn:aws:eks/prod": "shop", "test": ""}, current="test")
    prod, test = find(path).clusters
    assert prod.source == KubeconfigSource(str(path), "arn:aws:eks/prod")
    assert (prod.namespace, prod.current) == ("shop", False)
    assert (test.name, test.namespace, test.current) == ("test", "default", True)


def test_several_files_are_joined_and_the_first_wins(tmp_path: Path) -> None:
    one = kubeconfig(tmp_path, "one", {"a": "first"}, current="a")
    two = kubeconfig(tmp_path, "two", {"a": "second", "b": "other"}, current="b")
    found = find(os.pathsep.join([str(one), str(tmp_path / "missing"), str(two)]))
    assert [(c.name, c.namespace, c.current) for c in found.clusters] == [
        ("a", "first", True),
        ("b", "other", False),
    ]
    assert isinstance(found.clusters[0].source, KubeconfigSource)
    assert found.clusters[0].source.paths == os.pathsep.join([str(one), str(two)])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "no context"),
        ("a: [", "not YAML (line 1)"),
        ("- a\n- b\n", "not a kubeconfig"),
        ("contexts: null\nclusters: null\n", "no context"),
        ("contexts: [{name: a, context: {cluster: gone}}]", "no context with a cluster"),
        ("contexts: 7\nclusters: {a: b}", "no context"),
    ],
)
def test_a_kubeconfig_that_is_set_but_unusable_is_an_error_and_never_the_next_choice(
    tmp_path: Path, content: str, why: str
) -> None:
    good = kubeconfig(tmp_path, "good", {"a": ""})
    path = tmp_path / "config"
    path.write_text(content)
    found = find(path, fallback=good)
    assert ids(found) == ["portal.E040"]
    assert found.clusters == []
    assert why in found.errors[0].message


def test_a_missing_file_a_folder_and_bytes_are_errors_too(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "bytes"):
        assert ids(find(path)) == ["portal.E040"], path


def test_without_kubeconfig_the_one_at_home_counts(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "config", {"home": ""})
    assert [cluster.name for cluster in find(fallback=path).clusters] == ["home"]


def test_an_emptied_one_at_home_is_passed_over_but_a_broken_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("apiVersion: v1\ncontexts: null\n")
    assert find(fallback=path) == Found()
    path.write_text("a: [")
    assert ids(find(fallback=path)) == ["portal.E040"]


def test_in_a_pod_the_service_account_counts(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    (tmp_path / "namespace").write_text("portal\n")
    (found,) = find(account=tmp_path, host="10.96.0.1").clusters
    assert (found.name, found.source, found.namespace) == ("in-cluster", InClusterSource(), "portal")
    assert find(account=tmp_path) == Found()
    assert find(account=NOTHING, host="10.96.0.1") == Found()


def test_the_demo_is_the_only_cluster_of_a_demo() -> None:
    (found,) = demo_source("http://127.0.0.1:8001/").clusters
    assert found.source == DemoSource("http://127.0.0.1:8001")
    assert ids(demo_source("")) == ["portal.E043"]


def test_names_that_addresses_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    assert ids(find(kubeconfig(tmp_path, "one", {"a/b": "", "a:b": "", "c": ""}))) == ["portal.E041"]
    assert ids(find(kubeconfig(tmp_path, "two", {"..": ""}))) == ["portal.E042"]


def test_only_names_are_read_and_yaml_tags_run_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(dedent("contexts: !!python/object/apply:os.system ['true']"))
    assert ids(find(path)) == ["portal.E040"]
