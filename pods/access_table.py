"""Who may see what, as one immutable value that decides without a database.

A process keeps the latest `AccessTable` and reads it again only when the access version grew, so
that a decision costs no query, however many viewers there are. The rules:

- Superusers see everything, hidden namespaces included.
- A grant gives a group a verb on a namespace, or a glob over namespaces, of one cluster or of all.
- Hidden beats every grant but a superuser's.
- What people may see without signing in (PORTAL_ANONYMOUS_READ), they may see signed in too: pods, and of
  a demo cluster logs as well.
- Discovered namespaces are granted to nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pods.domain.rights import NamespaceRule
from pods.domain.scope import ALL_NAMESPACES, is_namespace_name
from pods.kube.source import ClusterSource

AnonymousRead = Literal["demo", "all", "none"]


@dataclass(frozen=True)
class Person:
    """Who looks: a user with the groups that matter, or nobody known. Hashable; compare to see changes."""

    user_id: int | None
    username: str
    is_superuser: bool
    group_ids: frozenset[int]
    session_key: str | None
    anonymous: ClassVar["Person"]


Person.anonymous = Person(None, "", False, frozenset(), None)


@dataclass(frozen=True)
class Decision:
    """Whether, and why.

    Codes: `granted`, `superuser`, `anonymous`, `demo`; or `not_signed_in`, `no_grant`, `hidden`,
    and, only to those who may see all, `unknown_cluster`, `unknown_namespace`.
    """

    allowed: bool
    code: str


@dataclass(frozen=True)
class ClusterInfo:
    """A cluster as the portal knows it; `source` is None while its source is gone."""

    name: str
    url_name: str
    is_demo: bool
    configured: bool
    current: bool
    source: ClusterSource | None
    namespace: str
    enabled: bool


@dataclass(frozen=True)
class NamespaceInfo:
    """A namespace: `gone` if the cluster had it and lists it no more."""

    name: str
    gone: bool
    hidden: bool


@dataclass(frozen=True)
class GrantInfo:
    """A grant of some group: `cluster` is a name, or None for all."""

    cluster: str | None
    pattern: str
    verbs: frozenset[str]


@dataclass(frozen=True)
class AccessTable:
    """A snapshot of clusters, namespaces and grants at one access version."""

    version: int = 0
    anonymous_read: AnonymousRead = "demo"
    by_name: Mapping[str, ClusterInfo] = field(default_factory=dict)
    namespaces_by_cluster: Mapping[str, tuple[NamespaceInfo, ...]] = field(default_factory=dict)
    grants_by_group: Mapping[int, tuple[GrantInfo, ...]] = field(default_factory=dict)

    def cluster(self, name: str) -> ClusterInfo | None:
        """The cluster of this name or URL name."""
        if name in self.by_name:
            return self.by_name[name]
        return next((info for info in self.by_name.values() if info.url_name == name), None)

    def known_namespaces(self, cluster_name: str) -> tuple[str, ...]:
        """Every namespace that the portal knows of in a cluster, gone and hidden ones included."""
        return tuple(info.name for info in self._namespaces(cluster_name))

    def rule(self, person: Person, verb: str, cluster_name: str) -> NamespaceRule:
        """Which namespaces of a cluster this person may see; the empty rule for unknown clusters."""
        cluster = self.cluster(cluster_name)
        if cluster is None or not cluster.enabled:
            return NamespaceRule()
        if person.is_superuser:
            return NamespaceRule(everything=True)
        patterns = {grant.pattern for grant in self._grants(person, verb, cluster.name)}
        if self._open_to_all(cluster) and (verb == "pods" or cluster.is_demo):
            patterns.add(ALL_NAMESPACES)
        hidden = frozenset(info.name for info in self._namespaces(cluster.name) if info.hidden)
        return NamespaceRule(patterns=tuple(sorted(patterns)), hidden=hidden)

    def may(self, person: Person, verb: str, cluster_name: str, namespace: str) -> Decision:
        """Whether this person may see a namespace, or `*`: whatever it is that they may see there."""
        cluster = self.cluster(cluster_name)
        if cluster is None or not cluster.enabled:
            sees_all = person.is_superuser or self._sees_every_cluster(person, verb)
            return self._no(person, "unknown_cluster" if sees_all else "no_grant")
        rule = self.rule(person, verb, cluster.name)
        if namespace == ALL_NAMESPACES:
            seen = rule.everything or bool(rule.patterns)
            return self._yes(person, verb, cluster, namespace) if seen else self._no(person, "no_grant")
        hidden = not rule.everything and rule.unbounded and namespace in rule.hidden
        if hidden or self._unknown(rule, cluster.name, namespace):
            return Decision(False, "unknown_namespace")
        if is_namespace_name(namespace) and rule.admits(namespace):
            return self._yes(person, verb, cluster, namespace)
        return self._no(person, "hidden" if rule.patterns and namespace in rule.hidden else "no_grant")

    def clusters(self, person: Person) -> tuple[ClusterInfo, ...]:
        """The clusters in which this person may see something, in the order of their names.

        Superusers get those that are switched off as well.
        """
        return tuple(
            info
            for info in sorted(self.by_name.values(), key=lambda info: info.name)
            if person.is_superuser or self.rule(person, "pods", info.name).patterns
        )

    def namespaces(self, person: Person, cluster_name: str) -> tuple[NamespaceInfo, ...]:
        """The namespaces of a cluster that this person may see, by name.

        Those granted by name are among them even if the portal has not met them: where namespaces
        cannot be listed, the grant is all there is.
        """
        rule = self.rule(person, "pods", cluster_name)
        cluster = self.cluster(cluster_name)
        seen = {info.name: info for info in self._namespaces(cluster.name if cluster else "")}
        for pattern in rule.patterns:
            if is_namespace_name(pattern):
                seen.setdefault(pattern, NamespaceInfo(pattern, gone=False, hidden=False))
        return tuple(seen[name] for name in sorted(seen) if rule.admits(name))

    def _namespaces(self, cluster_name: str) -> tuple[NamespaceInfo, ...]:
        return self.namespaces_by_cluster.get(cluster_name, ())

    def _grants(self, person: Person, verb: str, cluster_name: str) -> list[GrantInfo]:
        return [
            grant
            for group in person.group_ids
            for grant in self.grants_by_group.get(group, ())
            if verb in grant.verbs and grant.cluster in (None, cluster_name)
        ]

    def _sees_every_cluster(self, person: Person, verb: str) -> bool:
        return any(grant.pattern == ALL_NAMESPACES for grant in self._grants(person, verb, ""))

    def _open_to_all(self, cluster: ClusterInfo) -> bool:
        return self.anonymous_read == "all" or (self.anonymous_read == "demo" and cluster.is_demo)

    def _unknown(self, rule: NamespaceRule, cluster_name: str, namespace: str) -> bool:
        """Whether to say that there is no such namespace: only to those who may see all, and only
        if no narrower grant names it (one that is granted but absent is empty, not an error)."""
        if not rule.unbounded or namespace in self.known_namespaces(cluster_name):
            return False
        narrower = NamespaceRule(patterns=tuple(p for p in rule.patterns if p != ALL_NAMESPACES))
        return not (is_namespace_name(namespace) and narrower.admits(namespace))

    def _yes(self, person: Person, verb: str, cluster: ClusterInfo, namespace: str) -> Decision:
        if person.is_superuser:
            return Decision(True, "superuser")
        granted = NamespaceRule(patterns=tuple(g.pattern for g in self._grants(person, verb, cluster.name)))
        if granted.patterns and (namespace == ALL_NAMESPACES or granted.admits(namespace)):
            return Decision(True, "granted")
        return Decision(True, "demo" if cluster.is_demo else "anonymous")

    def _no(self, person: Person, code: str) -> Decision:
        return Decision(False, "not_signed_in" if person.user_id is None else code)
