"""People named by the rights that they hold, and a cluster or two."""

import pytest
from django.contrib.auth.models import Group, User
from pytest_django import Settings

from pods.models import Cluster, Grant, Namespace


@pytest.fixture
def prod(db: None) -> Cluster:
    """A cluster with three namespaces, one of them hidden."""
    cluster = Cluster.objects.create(name="arn:aws:eks/prod", server="https://10.0.0.1:6443", kind="server")
    for name in ("shop", "team-a", "team-b"):
        Namespace.objects.create(cluster=cluster, name=name)
    Namespace.objects.create(cluster=cluster, name="vault", hidden=True)
    return cluster


@pytest.fixture
def demo(db: None) -> Cluster:
    cluster = Cluster.objects.create(name="demo", kind="demo", server="http://127.0.0.1:1", managed=True)
    Namespace.objects.create(cluster=cluster, name="shop")
    return cluster


@pytest.fixture
def teams(db: None) -> Group:
    return Group.objects.create(name="teams")


@pytest.fixture
def ana(teams: Group) -> User:
    """Member of `teams`."""
    user = User.objects.create_user("ana", password="a long password")
    user.groups.add(teams)
    return user


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password="a long password")


@pytest.fixture
def team_grant(prod: Cluster, teams: Group) -> Grant:
    return Grant.objects.create(group=teams, cluster=prod, namespace="team-*")


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Hashing slowly is Django's promise, and tested there."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
