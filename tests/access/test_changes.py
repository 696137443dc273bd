"""Changes of rights and people are noticed, at a cost that does not grow with the viewers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import login, logout
from django.contrib.auth.models import AnonymousUser, Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from pytest_django import DjangoAssertNumQueries

from pods.access import Person, access_version, check_people, person_of
from pods.models import Cluster, Grant, Namespace

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> tuple[Person, HttpRequest]:
    request = HttpRequest()
    request.session = SessionStore()
    request.user = AnonymousUser()
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    return person_of(user, request.session), request


def change_grant(ana: User, grant: Grant) -> None:
    grant.namespace = "shop"
    grant.save()


CHANGES: dict[str, Callable[[User, Grant], Any]] = {
    "a grant changes": change_grant,
    "a grant goes": lambda ana, grant: grant.delete(),
    "a namespace is hidden": lambda ana, grant: Namespace.objects.get(name="shop").save(),
    "a cluster goes": lambda ana, grant: Cluster.objects.all().delete(),
    "a group goes": lambda ana, grant: Group.objects.all().delete(),
    "a user changes": lambda ana, grant: ana.save(),
    "a user goes": lambda ana, grant: User.objects.all().delete(),
    "a user joins": lambda ana, grant: ana.groups.add(Group.objects.create(name="more")),
    "a user leaves": lambda ana, grant: ana.groups.clear(),
    "a group loses its users": lambda ana, grant: grant.group.user_set.clear(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_access_version_grows_when(change: str, ana: User, team_grant: Grant) -> None:
    before = access_version()
    CHANGES[change](ana, team_grant)
    assert access_version() > before


def test_signing_in_is_no_change_of_rights(ana: User, team_grant: Grant) -> None:
    before = access_version()
    signed_in(ana)
    assert access_version() == before


def test_who_stays_signed_in_is_returned_as_they_are_now(ana: User, teams: Group) -> None:
    person, _ = signed_in(ana)
    assert check_people([person, Person.anonymous]) == {person: person, Person.anonymous: Person.anonymous}
    more = Group.objects.create(name="more")
    ana.groups.add(more)
    fresh = check_people([person])[person]
    assert fresh is not None
    assert fresh.group_ids == {teams.pk, more.pk}


def end_session(ana: User, request: HttpRequest) -> None:
    logout(request)


def deactivate(ana: User, request: HttpRequest) -> None:
    User.objects.filter(pk=ana.pk).update(is_active=False)


def delete(ana: User, request: HttpRequest) -> None:
    ana.delete()


def change_password(ana: User, request: HttpRequest) -> None:
    ana.set_password("quite another password")
    ana.save()


def expire(ana: User, request: HttpRequest) -> None:
    request.session.set_expiry(-1)
    request.session.save()


def become_somebody_else(ana: User, request: HttpRequest) -> None:
    request.session["_auth_user_id"] = str(User.objects.create_user("eve").pk)
    request.session.save()


@pytest.mark.parametrize(
    "end", [end_session, deactivate, delete, change_password, expire, become_somebody_else]
)
def test_nobody_stays_signed_in_after(end: Callable[[User, HttpRequest], None], ana: User) -> None:
    person, request = signed_in(ana)
    end(ana, request)
    assert check_people([person]) == {person: None}


def test_the_number_of_queries_does_not_grow_with_the_people(
    teams: Group, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = []
    for number in range(20):
        user = User.objects.create_user(f"user-{number}")
        user.groups.add(teams)
        people.append(signed_in(user)[0])
    with django_assert_num_queries(2):
        assert all(check_people(people).values())
    with django_assert_num_queries(0):
        assert check_people([Person.anonymous])
