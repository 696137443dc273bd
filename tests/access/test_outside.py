"""What the environment and the clusters themselves bring: clusters and namespaces."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from pods.access import access_version, load_access, person_of
from pods.kube.source import DemoSource, KubeconfigSource, ServerSource
from pods.models import Cluster, Grant, Namespace
from pods.outside import SourceClashError, record_namespaces, sync_sources
from pods.sources import FoundCluster

pytestmark = pytest.mark.django_db
PROD = FoundCluster("prod", KubeconfigSource("/home/ana/.kube/config", "prod"), "shop", current=True)
TEST = FoundCluster("test/eu", KubeconfigSource("/home/ana/.kube/config", "test/eu"), "default")
DEMO = FoundCluster("demo", DemoSource("http://127.0.0.1:8001"), current=True)


def test_the_environments_clusters_are_entered_with_their_own_namespaces(root: User) -> None:
    sync_sources([PROD, TEST])
    table, person = load_access(), person_of(root, None)
    prod, test = table.clusters(person)
    assert (prod.name, prod.current, prod.source) == ("prod", True, PROD.source)
    assert (test.url_name, test.current, test.namespace) == ("test-eu", False, "default")
    assert table.known_namespaces("prod") == ("shop",)


def test_a_second_start_writes_nothing() -> None:
    sync_sources([PROD, TEST])
    Namespace.objects.all().delete()  # an administrator did not want it
    before = access_version()
    sync_sources([PROD, TEST])
    assert access_version() == before
    assert not Namespace.objects.exists()


def test_a_cluster_whose_source_is_gone_stays_with_its_grants(team_grant: Grant, root: User) -> None:
    sync_sources([PROD, TEST])
    team_grant.cluster = Cluster.objects.get(name="prod")
    team_grant.save()
    sync_sources([TEST])
    info = load_access().cluster("prod")
    assert info is not None
    assert (info.configured, info.source, info.current) == (False, None, False)
    assert Grant.objects.get().cluster == Cluster.objects.get(name="prod")
    sync_sources([PROD])
    info = load_access().cluster("prod")
    assert info is not None
    assert info.configured
    assert info.source == PROD.source


def test_the_admins_clusters_are_left_alone(prod: Cluster) -> None:
    sync_sources([DEMO])
    info = load_access().cluster(prod.name)
    assert info is not None
    assert info.source == ServerSource("https://10.0.0.1:6443")


@pytest.mark.parametrize(
    ("name", "error"), [("arn:aws:eks/prod", "portal.E044"), ("arn-aws-eks/prod", "portal.E041")]
)
def test_a_name_that_the_admin_has_taken_is_refused(prod: Cluster, name: str, error: str) -> None:
    with pytest.raises(SourceClashError) as raised:
        sync_sources([FoundCluster(name, PROD.source)])
    assert [one.id for one in raised.value.errors] == [error]
    assert Cluster.objects.count() == 1


def test_only_the_demo_is_a_demo() -> None:
    sync_sources([DEMO])
    assert load_access().by_name["demo"].is_demo
    sync_sources([FoundCluster("demo", PROD.source)])
    assert not load_access().by_name["demo"].is_demo


def test_namespaces_arrive_go_and_come_back(root: User) -> None:
    sync_sources([PROD])
    moment = datetime(2026, 1, 2, tzinfo=UTC)

    def seen() -> dict[str, bool]:
        return {info.name: info.gone for info in load_access().namespaces(person_of(root, None), "prod")}

    assert record_namespaces("prod", {"shop", "team-a", ".."}, moment)
    assert seen() == {"shop": False, "team-a": False}
    assert record_namespaces("prod", {"shop"}, moment)
    assert seen() == {"shop": False, "team-a": True}
    assert Namespace.objects.get(name="team-a").gone_since == moment
    assert record_namespaces("prod", {"shop", "team-a"}, moment)
    assert seen() == {"shop": False, "team-a": False}


def test_the_same_namespaces_again_change_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sync_sources([PROD])
    record_namespaces("prod", {"shop", "team-a"})
    before = access_version()
    assert not record_namespaces("prod", {"shop", "team-a"})
    assert access_version() == before
    assert not record_namespaces("unheard of", {"shop"})
