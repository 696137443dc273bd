"""Who may see what."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from pytest_django import DjangoAssertNumQueries, Settings

from pods.access import AccessTable, Decision, Person, load_access, person_of
from pods.models import Cluster, Grant, Namespace

pytestmark = pytest.mark.django_db
PROD = "arn:aws:eks/prod"


def names(table: AccessTable, person: Person, cluster: str = PROD) -> list[str]:
    return [info.name for info in table.namespaces(person, cluster)]


def test_a_glob_grants_what_it_matches_and_nothing_else(ana: User, team_grant: Grant) -> None:
    table, person = load_access(), person_of(ana, None)
    assert table.may(person, "pods", PROD, "team-a") == Decision(True, "granted")
    assert table.may(person, "pods", PROD, "shop") == Decision(False, "no_grant")
    assert names(table, person) == ["team-a", "team-b"]
    assert [info.name for info in table.clusters(person)] == [PROD]


def test_a_cluster_is_found_by_its_name_in_addresses_too(ana: User, team_grant: Grant) -> None:
    table, person = load_access(), person_of(ana, None)
    assert table.may(person, "pods", "arn-aws-eks-prod", "team-a").allowed
    assert table.rule(person, "pods", "arn-aws-eks-prod").admits("team-b")
    assert names(table, person, "arn-aws-eks-prod") == ["team-a", "team-b"]


def test_discovered_namespaces_are_granted_to_nobody(ana: User, prod: Cluster) -> None:
    table, person = load_access(), person_of(ana, None)
    assert names(table, person) == []
    assert table.clusters(person) == ()
    assert table.may(person, "pods", PROD, "*") == Decision(False, "no_grant")


def test_hidden_beats_every_grant_but_a_superusers(
    ana: User, root: User, prod: Cluster, teams: Group
) -> None:
    Grant.objects.create(group=teams, cluster=None, namespace="*")
    Grant.objects.create(group=teams, cluster=prod, namespace="vault")
    table = load_access()
    hidden, absent = (table.may(person_of(ana, None), "pods", PROD, name) for name in ("vault", "nothing"))
    assert hidden == absent == Decision(False, "unknown_namespace"), "hidden looks as if it did not exist"
    assert names(table, person_of(ana, None)) == ["shop", "team-a", "team-b"]
    assert table.may(person_of(root, None), "pods", PROD, "vault") == Decision(True, "superuser")
    assert names(table, person_of(root, None)) == ["shop", "team-a", "team-b", "vault"]


def test_hidden_is_not_allowed_to_those_who_see_only_some(ana: User, prod: Cluster, teams: Group) -> None:
    Grant.objects.create(group=teams, cluster=prod, namespace="va*")
    assert load_access().may(person_of(ana, None), "pods", PROD, "vault") == Decision(False, "hidden")


def test_other_verbs_need_their_own_grant(ana: User, team_grant: Grant) -> None:
    assert not load_access().may(person_of(ana, None), "logs", PROD, "team-a").allowed


def test_granted_by_name_is_seen_though_unknown_and_though_others_see_all(
    ana: User, root: User, prod: Cluster, teams: Group
) -> None:
    Grant.objects.create(group=teams, cluster=prod, namespace="later")
    table, person = load_access(), person_of(ana, None)
    assert table.may(person, "pods", PROD, "later") == Decision(True, "granted")
    assert names(table, person) == ["later"]
    assert table.may(person_of(root, None), "pods", PROD, "later") == Decision(False, "unknown_namespace")


def test_unknown_is_told_only_to_those_who_may_see_all(
    ana: User, root: User, prod: Cluster, teams: Group, team_grant: Grant
) -> None:
    table = load_access()
    assert table.may(person_of(ana, None), "pods", "nowhere", "shop").code == "no_grant"
    assert table.may(person_of(ana, None), "pods", PROD, "nothing").code == "no_grant"
    assert table.may(person_of(root, None), "pods", "nowhere", "shop").code == "unknown_cluster"
    Grant.objects.create(group=teams, cluster=None, namespace="*")
    table = load_access()
    assert table.may(person_of(ana, None), "pods", PROD, "nothing").code == "unknown_namespace"
    assert table.may(person_of(ana, None), "pods", PROD, "team-c") == Decision(True, "granted")


@pytest.mark.parametrize("name", ["..", "team-..", "team-a/pods", "team-A", "", "team-a\n"])
def test_what_is_no_namespace_is_never_allowed(ana: User, root: User, team_grant: Grant, name: str) -> None:
    table = load_access()
    assert not table.may(person_of(ana, None), "pods", PROD, name).allowed
    assert not table.may(person_of(root, None), "pods", PROD, name).allowed


@pytest.mark.parametrize(
    ("setting", "sees_demo", "sees_prod"),
    [(None, "demo", "not_signed_in"), (True, "demo", "anonymous"), (False, "not_signed_in", "not_signed_in")],
)
def test_without_signing_in(
    settings: Settings,
    prod: Cluster,
    demo: Cluster,
    setting: bool | None,
    sees_demo: str,
    sees_prod: str,
) -> None:
    settings.PORTAL_ANONYMOUS_READ = setting
    table, person = load_access(), person_of(AnonymousUser(), None)
    assert person == Person.anonymous
    assert table.may(person, "pods", "demo", "shop").code == sees_demo
    assert table.may(person, "pods", PROD, "shop").code == sees_prod
    hidden, absent = (table.may(person, "pods", PROD, name) for name in ("vault", "nothing"))
    assert hidden == absent == Decision(False, "unknown_namespace" if setting else "not_signed_in")
    assert table.may(person, "logs", "demo", "shop").code == sees_demo
    assert not table.may(person, "logs", PROD, "shop").allowed


def test_nobody_sees_less_for_having_signed_in(ana: User, demo: Cluster) -> None:
    table = load_access()
    assert table.may(person_of(ana, None), "pods", "demo", "shop") == Decision(True, "demo")


def test_a_cluster_that_is_switched_off_shows_nothing(ana: User, root: User, team_grant: Grant) -> None:
    Cluster.objects.filter(name=PROD).update(enabled=False)
    table = load_access()
    assert table.clusters(person_of(ana, None)) == ()
    assert [info.enabled for info in table.clusters(person_of(root, None))] == [False]
    assert table.may(person_of(root, None), "pods", PROD, "shop").code == "unknown_cluster"
    assert not table.may(person_of(ana, None), "pods", PROD, "team-a").allowed


def test_decisions_ask_the_database_nothing(
    ana: User, prod: Cluster, team_grant: Grant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(50):
        Namespace.objects.create(cluster=prod, name=f"team-{number}")
    with django_assert_num_queries(4):
        table = load_access()
    with django_assert_num_queries(1):
        person = person_of(ana, None)
    with django_assert_num_queries(0):
        assert len(table.namespaces(person, PROD)) == 52
        assert all(table.may(person, "pods", PROD, f"team-{number}").allowed for number in range(50))
