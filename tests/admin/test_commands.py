"""The commands do what the admin does, for scripts, and say clearly what is wrong."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from pods.access import source_of
from pods.kube.source import DemoSource, KubeconfigSource, ServerSource
from pods.models import Cluster, Grant, Namespace
from pods.outside import sync_sources
from pods.sources import FoundCluster

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_clusters_are_entered_from_three_kinds_of_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("cluster_add", "prod", "--server", "https://10.0.0.1:6443", "--token-file", "token")
    run("cluster_add", "eu/test", "--context", "test", "--kubeconfig", "/etc/a:b", "--namespace", "shop")
    run("cluster_add", "own", "--in-cluster")
    prod, test = Cluster.objects.get(name="prod"), Cluster.objects.get(name="eu/test")
    assert source_of(prod) == ServerSource("https://10.0.0.1:6443", token_file=str(tmp_path / "token"))
    assert source_of(test) == KubeconfigSource(f"/etc/a:{tmp_path / 'b'}", "test")
    assert Namespace.objects.get().name == "shop"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cluster_add", "prod", "--in-cluster"], "There is a cluster 'prod' already."),
        (["cluster_add", "..", "--in-cluster"], "name: “..” cannot be the name of a cluster"),
        (["cluster_add", "x", "--server", "nowhere"], "server: “nowhere” is not the address"),
        (["cluster_add", "x", "--context", "a"], "kubeconfig_paths: This source needs it."),
        (["cluster_add", "x"], "required"),
        (["cluster_check", "none"], "There is no cluster 'none'. Known: prod."),
        (["namespace_add", "prod", "Shop"], "name: “Shop” cannot be a namespace"),
        (
            ["grant", "teams", "shop", "--cluster", "prod"],
            "There is no group 'teams'. Known: none. --create-group",
        ),
        (["grant", "teams", "Shop", "--cluster", "prod", "--create-group"], "namespace: “Shop” cannot be"),
        (["grant", "teams", "shop", "--cluster", "none", "--create-group"], "There is no cluster 'none'"),
        (["grant", "teams", "shop"], "required"),
        (["cluster_remove", "none"], "There is no cluster 'none'"),
    ],
)
def test_what_is_wrong_is_said_clearly(words: list[str], said: str) -> None:
    Cluster.objects.create(name="prod")
    with pytest.raises(CommandError) as raised:
        run(*words)
    assert said in str(raised.value)


def test_grants_are_given_twice_and_taken_once() -> None:
    Cluster.objects.create(name="eu/prod")
    words = ["grant", "teams", "team-*", "--cluster", "eu-prod"]
    assert run(*words, "--create-group") == "Granted: teams: eu/prod: team-* (pods)\n"
    run(*words)
    run("grant", "teams", "shop", "--all-clusters")
    assert Grant.objects.count() == 2
    assert run(*words, "--revoke") == "Revoked: teams: eu/prod: team-* (pods)\n"
    assert Grant.objects.get().namespace == "shop"
    with pytest.raises(CommandError, match="There is no such grant"):
        run(*words, "--revoke")


def test_namespaces_are_entered_hidden_and_shown() -> None:
    Cluster.objects.create(name="prod")
    run("namespace_add", "prod", "shop")
    run("namespace_add", "prod", "shop", "--hidden")
    assert Namespace.objects.get().hidden
    run("namespace_add", "prod", "shop")
    assert Namespace.objects.get().hidden
    run("namespace_add", "prod", "shop", "--shown")
    assert not Namespace.objects.get().hidden


def test_what_the_environment_offers_cannot_be_removed_until_it_is_gone() -> None:
    sync_sources([FoundCluster("prod", KubeconfigSource("/etc/kubeconfig", "prod"))])
    with pytest.raises(CommandError, match="comes from the environment"):
        run("cluster_remove", "prod")
    sync_sources([])
    run("cluster_remove", "prod")
    assert not Cluster.objects.exists()


def test_checking_a_connection(demo_url: str) -> None:
    sync_sources(
        [FoundCluster("demo", DemoSource(demo_url)), FoundCluster("gone", DemoSource("http://127.0.0.1:9"))]
    )
    assert run("cluster_check", "demo").startswith("ok    The Kubernetes API answers.\n")
    with pytest.raises(CommandError, match="gone cannot be used as it is"):
        run("cluster_check", "gone")
