"""What an administrator can enter, and what is refused."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from pods.access import access_version
from pods.kube.source import DemoSource, KubeconfigSource
from pods.models import Cluster, Grant, Namespace, SavedView
from pods.outside import sync_sources
from pods.sources import FoundCluster

pytestmark = pytest.mark.django_db
SERVER = {"name": "prod", "kind": "server", "server": "https://10.0.0.1:6443", "enabled": "on"}


def add(browser: Client, model: str, fields: dict[str, object]) -> dict[str, list[str]]:
    """Send the form for a new object; the errors by field, empty where it was saved."""
    response = browser.post(reverse(f"admin:pods_{model}_add"), fields)
    return {} if response.status_code == 302 else dict(response.context["adminform"].form.errors)


def test_a_server_is_entered(browser: Client) -> None:
    assert add(browser, "cluster", {**SERVER, "name": "arn:aws:eks/prod", "token_file": "/run/token"}) == {}
    cluster = Cluster.objects.get()
    assert (cluster.url_name, cluster.managed, cluster.configured) == ("arn-aws-eks-prod", False, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ".."}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"server": "10.0.0.1:6443"}, "server"),
        ({"server": "https://root:secret@10.0.0.1"}, "server"),
        ({"server": ""}, "server"),
        ({"token_file": "eyJhbGciOiJSUzI1NiJ9.token"}, "token_file"),
        ({"ca_data": "secret"}, "ca_data"),
        ({"ca_data": "-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----"}, "ca_data"),
        ({"ca_file": "/ca.pem", "ca_data": "-----BEGIN CERTIFICATE-----"}, "ca_data"),
        ({"ca_file": "/ca.pem", "insecure_skip_tls_verify": "on"}, "insecure_skip_tls_verify"),
        ({"kind": "kubeconfig", "server": ""}, "context"),
        ({"kind": "demo"}, "kind"),
        ({"default_namespace": "Shop"}, "default_namespace"),
    ],
)
def test_a_cluster_is_refused(browser: Client, change: dict[str, str], field: str) -> None:
    assert field in add(browser, "cluster", {**SERVER, **change})
    assert not Cluster.objects.exists()


def test_two_clusters_cannot_have_one_name_in_addresses(browser: Client) -> None:
    assert add(browser, "cluster", {**SERVER, "name": "a/b"}) == {}
    assert "same name as that of “a/b”" in str(add(browser, "cluster", {**SERVER, "name": "a:b"}))


@pytest.mark.parametrize("name", ["..", "Shop", "a_b", "-a", "a" * 64, "*"])
def test_a_namespace_is_refused(browser: Client, name: str) -> None:
    cluster = Cluster.objects.create(name="prod")
    assert "name" in add(browser, "namespace", {"cluster": cluster.pk, "name": name})


@pytest.mark.parametrize("pattern", ["", "..", "Shop", "a/b", "team-[", "team]*", "a b*", "!*"])
def test_a_pattern_is_refused(browser: Client, pattern: str) -> None:
    group = Group.objects.create(name="teams")
    assert "namespace" in add(browser, "grant", {"group": group.pk, "namespace": pattern, "verbs": ["pods"]})


@pytest.mark.parametrize("pattern", ["shop", "team-*", "*", "team-?", "team-[ab]", "team-[!a-c]*"])
def test_a_pattern_is_granted(browser: Client, pattern: str) -> None:
    group = Group.objects.create(name="teams")
    before = access_version()
    assert add(browser, "grant", {"group": group.pk, "namespace": pattern, "verbs": ["pods"]}) == {}
    assert access_version() > before
    assert Grant.history.count() == 1


@pytest.mark.parametrize("verbs", [[], ["yaml"], ["pods", "everything"]])
def test_a_grant_needs_known_rights(browser: Client, verbs: list[str]) -> None:
    group = Group.objects.create(name="teams")
    assert "verbs" in add(browser, "grant", {"group": group.pk, "namespace": "shop", "verbs": verbs})


def test_one_grant_twice_is_refused(browser: Client) -> None:
    group = Group.objects.create(name="teams")
    fields: dict[str, object] = {"group": group.pk, "namespace": "shop", "verbs": ["pods"]}
    assert add(browser, "grant", fields) == {}
    assert "__all__" in add(browser, "grant", fields)


def test_a_cluster_of_the_environment_can_only_be_switched_off(browser: Client) -> None:
    sync_sources([FoundCluster("prod", KubeconfigSource("/etc/kubeconfig", "prod"), "shop")])
    cluster = Cluster.objects.get()
    page = reverse("admin:pods_cluster_change", args=[cluster.pk])
    assert browser.post(page, {"name": "else", "server": "https://else"}).status_code == 302
    cluster.refresh_from_db()
    assert (cluster.name, cluster.server, cluster.enabled) == ("prod", "", False)
    assert browser.post(reverse("admin:pods_cluster_delete", args=[cluster.pk])).status_code == 403


@pytest.mark.parametrize("model", ["cluster", "namespace", "grant"])
def test_every_page_of_the_admin_opens(browser: Client, model: str) -> None:
    cluster = Cluster.objects.create(name="prod", kind="server", server="https://10.0.0.1")
    namespace = Namespace.objects.create(cluster=cluster, name="shop")
    group = Group.objects.create(name="teams")
    grant = Grant.objects.create(group=group, cluster=cluster, namespace="shop")
    key = {"cluster": cluster, "namespace": namespace, "grant": grant}[model].pk
    for view, args in (
        ("changelist", []),
        ("add", []),
        ("change", [key]),
        ("history", [key]),
        ("delete", [key]),
    ):
        assert browser.get(reverse(f"admin:pods_{model}_{view}", args=args)).status_code == 200, view
    assert browser.get(reverse("admin:auth_group_change", args=[group.pk])).status_code == 200


def test_saved_views_are_looked_at_unshared_and_deleted_but_made_by_their_owners(browser: Client) -> None:
    ana = User.objects.create_user("ana")
    query = "cluster=prod&namespace=shop"
    view = SavedView.objects.create(owner=ana, name="Mine", query=query, shared=True)
    assert view.cluster == "prod"
    assert b"Mine" in browser.get(reverse("admin:pods_savedview_changelist")).content
    assert browser.get(reverse("admin:pods_savedview_add")).status_code == 403
    change = reverse("admin:pods_savedview_change", args=[view.pk])
    form = {"name": "Yours", "query": "cluster=other&namespace=secret", "owner": "1"}
    assert browser.post(change, form).status_code == 302
    view.refresh_from_db()
    assert (view.name, view.query, view.owner, view.shared) == ("Mine", query, ana, False)
    assert browser.post(change, {"shared": "on"}).status_code == 302
    view.refresh_from_db()
    assert not view.shared, "shared by its owner alone"
    browser.post(reverse("admin:pods_savedview_delete", args=[view.pk]), {"post": "yes"})
    assert not SavedView.objects.exists()


def check(browser: Client, *clusters: Cluster) -> list[str]:
    keys = [cluster.pk for cluster in clusters]
    response = browser.post(
        reverse("admin:pods_cluster_changelist"), {"action": "check_the_connection", "_selected_action": keys}
    )
    return [f"{message.level_tag}: {message}" for message in get_messages(response.wsgi_request)]


@pytest.mark.django_db(transaction=True)
def test_checking_a_connection_says_what_works(browser: Client, demo_url: str) -> None:
    sync_sources([FoundCluster("demo", DemoSource(demo_url))])
    assert check(browser, Cluster.objects.get())[0] == "success: demo: The Kubernetes API answers."


@pytest.mark.django_db(transaction=True)
def test_checking_a_connection_says_in_words_what_fails(browser: Client, tmp_path: Path) -> None:
    nobody = Cluster.objects.create(name="nobody", kind="server", server="http://127.0.0.1:9")
    no_token = Cluster.objects.create(
        name="no-token", kind="server", server="http://127.0.0.1:9", token_file=str(tmp_path / "token")
    )
    gone = Cluster.objects.create(name="gone", configured=False)
    said = check(browser, nobody, no_token, gone)
    assert len(said) == 3
    assert all(one.startswith("error: ") for one in said)
    assert "gone: its source is gone." in said[0]
    assert "token does not exist" in said[1]
    assert not any("Traceback" in one or "Exception" in one or "0x" in one for one in said)
