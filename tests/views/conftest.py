"""People named by the rights that they hold, and a cluster."""

import pytest
from django.contrib.auth.models import Group, User
from pytest_django import Settings

from pods.models import Cluster, Grant, Namespace


@pytest.fixture(autouse=True)
def plain(settings: Settings) -> None:
    """No clusters but those of the test, and no time spent on hashing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.PORTAL_DEMO = False


@pytest.fixture
def prod(db: None) -> Cluster:
    """A real cluster, as far as the pages know."""
    cluster = Cluster.objects.create(name="arn:aws:eks/prod", server="https://10.0.0.1:6443", kind="server")
    for name in ("shop", "team-a", "team-b"):
        Namespace.objects.create(cluster=cluster, name=name)
    return cluster


@pytest.fixture
def demo(db: None) -> Cluster:
    cluster = Cluster.objects.create(name="demo", kind="demo", server="http://127.0.0.1:1", managed=True)
    Namespace.objects.create(cluster=cluster, name="shop")
    return cluster


@pytest.fixture
def team_member(prod: Cluster) -> User:
    """May see the namespaces `team-*` of `prod`."""
    group = Group.objects.create(name="teams")
    Grant.objects.create(group=group, cluster=prod, namespace="team-*")
    user = User.objects.create_user("ana", password="a long password")
    user.groups.add(group)
    return user


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root", password="a long password")
