"""Between the database and the decisions: reading rights, people and clusters in few queries.

`pods.access_table` decides; this module fills it and follows changes (one number for the rights, two
queries for all the people whom a process serves). Everything here is synchronous ORM.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from pods.access_table import (
    AccessTable,
    AnonymousRead,
    ClusterInfo,
    Decision,
    GrantInfo,
    NamespaceInfo,
    Person,
)
from pods.kube.source import ClusterSource, DemoSource, InClusterSource, KubeconfigSource, ServerSource
from pods.models import AccessVersion, Cluster, Grant, Namespace

__all__ = [
    "AccessTable",
    "ClusterInfo",
    "Decision",
    "NamespaceInfo",
    "Person",
    "access_version",
    "check_people",
    "load_access",
    "may_act_on_ledger",
    "may_see_ledger",
    "person_of",
    "source_of",
]


# --- Rights --------------------------------------------------------------------------------------


def access_version() -> int:
    """The number that grows with every change of rights, users and groups (one query)."""
    return AccessVersion.objects.filter(pk=1).values_list("version", flat=True).first() or 0


def load_access() -> AccessTable:
    """The rights of now (four queries).

    The version is read first: a change in between is then read twice rather than missed.
    """
    version = access_version()
    clusters = {row.pk: row for row in Cluster.objects.all()}
    namespaces: dict[str, list[NamespaceInfo]] = defaultdict(list)
    for row in Namespace.objects.order_by("name"):
        if row.cluster_id in clusters:
            info = NamespaceInfo(row.name, gone=row.gone_since is not None, hidden=row.hidden)
            namespaces[clusters[row.cluster_id].name].append(info)
    grants: dict[int, list[GrantInfo]] = defaultdict(list)
    for grant in Grant.objects.all():
        if grant.cluster_id is None or grant.cluster_id in clusters:
            cluster = clusters[grant.cluster_id].name if grant.cluster_id is not None else None
            grants[grant.group_id].append(GrantInfo(cluster, grant.namespace, frozenset(grant.verbs)))
    return AccessTable(
        version=version,
        anonymous_read=_anonymous_read(),
        by_name={row.name: _info(row) for row in clusters.values()},
        namespaces_by_cluster={name: tuple(infos) for name, infos in namespaces.items()},
        grants_by_group={group: tuple(infos) for group, infos in grants.items()},
    )


def _anonymous_read() -> AnonymousRead:
    if settings.PORTAL_ANONYMOUS_READ is None:
        return "demo"
    return "all" if settings.PORTAL_ANONYMOUS_READ else "none"


def _info(row: Cluster) -> ClusterInfo:
    return ClusterInfo(
        name=row.name,
        url_name=row.url_name,
        is_demo=row.kind == Cluster.Kind.DEMO,
        configured=row.configured,
        current=row.current,
        source=source_of(row) if row.configured else None,
        namespace=row.default_namespace,
        enabled=row.enabled,
    )


def source_of(row: Cluster) -> ClusterSource:
    """Where the cluster's address and credentials come from."""
    match row.kind:
        case Cluster.Kind.KUBECONFIG:
            return KubeconfigSource(row.kubeconfig_paths, row.context)
        case Cluster.Kind.IN_CLUSTER:
            return InClusterSource()
        case Cluster.Kind.DEMO:
            return DemoSource(row.server)
    return ServerSource(row.server, row.ca_file, row.ca_data, row.token_file, row.insecure_skip_tls_verify)


# --- People --------------------------------------------------------------------------------------


def person_of(user: User | AnonymousUser, session: SessionBase | None) -> Person:
    """The person behind a request or socket (one query for the groups)."""
    if not user.is_authenticated or not user.is_active:
        return Person.anonymous
    groups = frozenset(user.groups.values_list("pk", flat=True))
    session_key = session.session_key if session is not None else None
    return Person(user.pk, user.get_username(), user.is_superuser, groups, session_key)


def may_see_ledger(user: User | AnonymousUser) -> bool:
    """Whether somebody may see who looks at what, and every watch (two queries)."""
    return user.has_perm("pods.view_ledger")


def may_act_on_ledger(user: User | AnonymousUser) -> bool:
    """Whether somebody may end viewers and restart watches there; who may not see it may not."""
    return user.has_perms(("pods.view_ledger", "pods.act_on_ledger"))


def check_people(people: Iterable[Person]) -> dict[Person, Person | None]:
    """Each person as they are now, or None who is signed in no longer.

    That is: the session ended, or belongs to somebody else; the account is gone or inactive; the
    password changed since. One query for the sessions and one for the users, however many they are.
    """
    everyone = set(people)
    signed_in = {person for person in everyone if person.user_id is not None}
    fresh: dict[Person, Person | None] = {person: person for person in everyone - signed_in}
    if not signed_in:
        return fresh
    sessions = _sessions({person.session_key for person in signed_in if person.session_key})
    users = _users({person.user_id for person in signed_in if person.user_id is not None})
    for person in signed_in:
        fresh[person] = _still(person, sessions, users)
    return fresh


def _still(person: Person, sessions: dict[str, str], users: dict[int, "_UserNow"]) -> Person | None:
    user = users.get(person.user_id or 0)
    if user is None:
        return None
    if person.session_key is not None:
        data = sessions.get(person.session_key)
        if data is None or not _belongs(data, person.user_id or 0, user.password):
            return None
    return Person(
        person.user_id, user.username, user.is_superuser, frozenset(user.groups), person.session_key
    )


class _UserNow:
    """An active user's row, with groups collected over the join."""

    def __init__(self, username: str, is_superuser: bool, password: str) -> None:
        self.username, self.is_superuser, self.password = username, is_superuser, password
        self.groups: set[int] = set()


def _sessions(keys: set[str]) -> dict[str, str]:
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return dict(rows.values_list("session_key", "session_data"))


def _users(ids: set[int]) -> dict[int, _UserNow]:
    users: dict[int, _UserNow] = {}
    columns = ("pk", "username", "is_superuser", "password", "groups__pk")
    rows = get_user_model().objects.filter(pk__in=ids, is_active=True).order_by().values_list(*columns)
    for pk, username, is_superuser, password, group in rows:
        user = users.setdefault(pk, _UserNow(username, is_superuser, password))
        if group is not None:
            user.groups.add(group)
    return users


@lru_cache(maxsize=10_000)
def _belongs(session_data: str, user_id: int, password: str) -> bool:
    """Whether a stored session is this user's, made under this password.

    Kept, because each process asks this once a second about everyone whom it serves.
    """
    content: dict[str, Any] = SessionStore().decode(session_data)
    user = get_user_model()(pk=user_id, password=password)
    made_under = str(content.get(HASH_SESSION_KEY, ""))
    accepted = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return (
        str(content.get(SESSION_KEY, "")) == str(user_id)
        and BACKEND_SESSION_KEY in content
        and any(constant_time_compare(made_under, good) for good in accepted)
    )
