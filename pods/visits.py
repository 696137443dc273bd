"""Who asks for a page, and whether they may see it: what the pages of pods have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from pods import texts
from pods.access import AccessTable, ClusterInfo, Decision, Person, load_access, person_of
from pods.domain.scope import ALL_NAMESPACES
from pods.viewparams import BadParams, ViewParams, read_params

NAMES_IN_TITLE = 3


@dataclass
class Visit:
    """A request's person, the rights of now, and the running portal (None where only pages run)."""

    request: HttpRequest
    person: Person
    portal: Any

    @property
    def access(self) -> AccessTable:
        """The rights of now."""
        return self.portal.access if self.portal is not None else self._loaded

    @cached_property
    def _loaded(self) -> AccessTable:
        return load_access()

    @classmethod
    def of(cls, request: HttpRequest) -> "Visit":
        """Who asks for this page."""
        portal = getattr(request, "scope", {}).get("portal")
        return cls(request, person_of(request.user, request.session), portal)

    def params(self) -> ViewParams:
        """The view that the address asks for. Raises BadParams."""
        try:
            return read_params(self.request.GET, self.access.clusters(self.person))
        except BadParams as error:
            if self.portal is None or not error.signing_in_may_help:
                raise
        async_to_sync(self.portal.look_again)(None)
        return read_params(self.request.GET, self.access.clusters(self.person))

    def decide(self, cluster: str, namespaces: Sequence[str]) -> list[Decision]:
        """Whether this person may see each namespace of a cluster.

        Before one is refused, the portal looks once more: a link may be older than this process, or
        the right or the namespace younger than the last look.
        """
        decisions = self._decisions(cluster, namespaces)
        if self.portal is None or all(one.allowed for one in decisions):
            return decisions
        info = self.access.cluster(cluster)
        unknown = info is not None and any(one.code == "unknown_namespace" for one in decisions)
        async_to_sync(self.portal.look_again)(info.name if info and unknown else None)
        return self._decisions(cluster, namespaces)

    def _decisions(self, cluster: str, namespaces: Sequence[str]) -> list[Decision]:
        return [self.access.may(self.person, "pods", cluster, namespace) for namespace in namespaces]

    def context(self, cluster: ClusterInfo | None = None) -> dict[str, Any]:
        """What the page's frame shows: the person and where else they may go."""
        clusters = self.access.clusters(self.person)
        namespaces = self.access.namespaces(self.person, cluster.name) if cluster else ()
        return {
            "person": self.person,
            "clusters": clusters,
            "cluster": cluster,
            "switch_namespaces": [
                {"name": info.name, "gone": info.gone, "href": pods_address(cluster, info.name)}
                for info in namespaces
                if cluster
            ],
            "all_namespaces": pods_address(cluster, ALL_NAMESPACES) if cluster else "",
            "texts": texts.catalogue(),
        }

    def refuse(self, decision: Decision, cluster: ClusterInfo | None) -> HttpResponse:
        """The sign-in where nobody is signed in; else a page that says so, 404 only to who may see all."""
        if decision.code == "not_signed_in":
            return redirect_to_login(self.request.get_full_path(), reverse("login"))
        silent = (
            cluster is not None and self.portal is not None and self.portal.clusters.failure(cluster.name)
        )
        if decision.code == "unknown_namespace" and silent:
            return self.say(503, _("The cluster does not answer, so it is not known whether this is there."))
        if decision.code in ("unknown_cluster", "unknown_namespace"):
            what = _("cluster") if decision.code == "unknown_cluster" else _("namespace")
            return self.say(404, _("The portal knows no such %(what)s.") % {"what": what})
        return self.say(403, _("You may not see these pods."))

    def say(self, status: int, text: str) -> HttpResponse:
        """A page that only says something."""
        return render(self.request, f"{status}.html", {**self.context(), "text": text}, status=status)


@dataclass(frozen=True)
class Admitted:
    """Somebody who may see at least one of the namespaces that they ask for; `refused` are the others."""

    visit: Visit
    params: ViewParams
    cluster: ClusterInfo
    refused: tuple[str, ...]

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Those that are not refused."""
        return tuple(name for name in self.params.namespaces if name not in self.refused)


def admit(request: HttpRequest) -> Admitted | HttpResponse:
    """Who asks for which view of pods, or the page that says why they do not get it."""
    visit = Visit.of(request)
    try:
        params = visit.params()
    except BadParams as error:
        if visit.person.user_id is None and error.signing_in_may_help:
            return redirect_to_login(request.get_full_path(), reverse("login"))
        return visit.say(400, error.message)
    decisions = visit.decide(params.cluster, params.namespaces)
    cluster = visit.access.cluster(params.cluster)
    if not any(decision.allowed for decision in decisions):
        return visit.refuse(decisions[0], cluster)
    if cluster is None or not cluster.configured:
        return render(request, "pods/not_configured.html", visit.context(cluster))
    refused = (name for name, one in zip(params.namespaces, decisions, strict=True) if not one.allowed)
    return Admitted(visit, params, cluster, tuple(refused))


def pods_address(cluster: ClusterInfo, namespace: str) -> str:
    """The page of one namespace's pods, or of all with `*`."""
    return f"{reverse('pods')}?{urlencode({'cluster': cluster.url_name, 'namespace': namespace}, safe='*')}"


def view_title(params: ViewParams) -> str:
    """What the view is called: its namespace, or how many."""
    if params.namespaces == (ALL_NAMESPACES,):
        return _("All namespaces")
    if len(params.namespaces) <= NAMES_IN_TITLE:
        return ", ".join(params.namespaces)
    return _("%(count)s namespaces") % {"count": len(params.namespaces)}
