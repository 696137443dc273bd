"""The pages: home, pods, one pod.

A page decides whether its reader may see it, and gives its scripts their settings and texts; the
pods themselves come over the WebSocket and the API. Who may not see a page is sent to the sign-in
where that could help, and told in words otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from k8sportal import __version__
from pods import texts
from pods.access import AccessTable, ClusterInfo, Decision, Person, load_access, person_of
from pods.asked import read
from pods.domain.row import HEALTHS
from pods.domain.scope import ALL_NAMESPACES, Scope, is_object_name
from pods.firstrows import first_rows
from pods.sources import IN_CLUSTER
from pods.viewparams import BadParams, ViewParams, read_params

# From this many pods on, the first picture comes compressed over HTTP instead of the socket.
HTTP_PICTURE_FROM = 1000
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


def pods_address(cluster: ClusterInfo, namespace: str) -> str:
    """The page of one namespace's pods, or of all with `*`."""
    return f"{reverse('pods')}?{urlencode({'cluster': cluster.url_name, 'namespace': namespace}, safe='*')}"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The clusters and namespaces that this person may see, with counts that come later."""
    visit = Visit.of(request)
    clusters = visit.access.clusters(visit.person)
    context = visit.context() | {
        "sections": [_section(visit, cluster) for cluster in clusters],
        "healths": HEALTHS,
        "config": {
            "clusters": [
                {"overview": f"{reverse('api-overview')}?{urlencode({'cluster': cluster.url_name})}"}
                for cluster in clusters
            ],
        },
    }
    return render(request, "pods/home.html", context)


def _section(visit: Visit, cluster: ClusterInfo) -> dict[str, Any]:
    namespaces = visit.access.namespaces(visit.person, cluster.name)
    return {
        "cluster": cluster,
        "all": pods_address(cluster, ALL_NAMESPACES),
        "pattern": pods_address(cluster, "__namespace__"),
        "namespaces": [
            {"name": info.name, "gone": info.gone, "href": pods_address(cluster, info.name)}
            for info in namespaces
        ],
    }


@require_safe
def pods_page(request: HttpRequest) -> HttpResponse:
    """The live table of one or more namespaces."""
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
    gone = {info.name for info in visit.access.namespaces(visit.person, cluster.name) if info.gone}
    context = visit.context(cluster) | {
        "params": params,
        "here": _title(params),
        "healths": HEALTHS,
        "several": params.namespaces == (ALL_NAMESPACES,) or len(params.namespaces) > 1,
        "gone": sorted(gone & set(params.namespaces)),
        "unfiltered": f"{reverse('pods')}?{params.query(cluster, filtered=False)}",
        "config": _config(visit, cluster, params, boot=_many(visit, cluster, params))
        | {"first": _first(visit, params, [one.allowed for one in decisions])},
    }
    return render(request, "pods/pods.html", context)


def _first(visit: Visit, params: ViewParams, allowed: Sequence[bool]) -> list[dict[str, Any]]:
    """The rows that come with the page."""
    if visit.portal is None:
        return []
    namespaces = [name for name, may in zip(params.namespaces, allowed, strict=True) if may]
    asked = read(params, visit.access)
    return async_to_sync(first_rows)(visit.portal, visit.person, asked, namespaces)


@require_safe
def pod_page(request: HttpRequest, cluster: str, namespace: str, pod: str) -> HttpResponse:
    """One pod's row, live."""
    visit = Visit.of(request)
    decision = visit.decide(cluster, (namespace,))[0]
    if not decision.allowed or namespace == ALL_NAMESPACES:
        return visit.refuse(decision, visit.access.cluster(cluster))
    if not is_object_name(pod):
        return visit.say(404, _("No pod can have this name."))
    info = visit.access.cluster(cluster)
    if info is None or not info.configured:
        return render(request, "pods/not_configured.html", visit.context(info))
    params = ViewParams(info.name, (namespace,))
    context = visit.context(info) | {
        "params": params,
        "pod": pod,
        "here": namespace,
        "back": pods_address(info, namespace),
        "config": _pod_config(visit, info, params, pod),
    }
    return render(request, "pods/pod.html", context)


def _title(params: ViewParams) -> str:
    """What the view is called: its namespace, or how many."""
    if params.namespaces == (ALL_NAMESPACES,):
        return _("All namespaces")
    if len(params.namespaces) <= NAMES_IN_TITLE:
        return ", ".join(params.namespaces)
    return _("%(count)s namespaces") % {"count": len(params.namespaces)}


def _config(visit: Visit, cluster: ClusterInfo, params: ViewParams, *, boot: bool) -> dict[str, Any]:
    """The settings of the page's scripts. `urls.rows` is null unless the first picture comes that way.

    A page that polls says whose it is: like a socket, it ends with the session that it was made in.
    """
    query = params.query(cluster)
    user = visit.person.user_id
    poll = f"{query}&poll=1" + ("" if user is None else f"&user={user}")
    return {
        "cluster": cluster.url_name,
        # The service account has no context.
        "context": None if cluster.name == IN_CLUSTER else cluster.name,
        "namespaces": list(params.namespaces),
        "filtered": params.filter_words(),
        "urls": {
            "socket": f"{reverse('socket')}?{query}",
            "rows": f"{reverse('api-pods')}?{query}" if boot else None,
            "poll": f"{reverse('api-pods')}?{poll}",
            "list": f"{reverse('pods')}?{query}",
            **_pod_addresses(cluster),
            "sign_in": f"{reverse('login')}?next=",
        },
        # What a reader waits for is theirs, at whatever browser it is.
        "person": "" if user is None else str(user),
        "icons": {name: _icon(name) for name in (*HEALTHS, "told")},
        "version": __version__,
    }


def _pod_addresses(cluster: ClusterInfo) -> dict[str, str]:
    """Where one pod's page, details and logs are; static/js/pods/url.js puts its names in."""
    names = [cluster.url_name, "__namespace__", "__pod__"]
    logs = urlencode({"cluster": cluster.url_name, "namespace": "__namespace__", "pod": "__pod__"})
    return {
        "pod": reverse("pod", args=names),
        "detail": reverse("api-pod", args=names),
        "logs": f"{reverse('log-socket')}?{logs}",
    }


@cache
def _icon(name: str) -> str:
    """A tab's icon as a `data:` address: a page outlives the release whose files its portal has."""
    folder: Path = settings.STATICFILES_DIRS[0]
    return f"data:image/svg+xml,{quote((folder / 'icons' / f'{name}.svg').read_text(encoding='utf-8'))}"


def _pod_config(visit: Visit, cluster: ClusterInfo, params: ViewParams, pod: str) -> dict[str, Any]:
    """Likewise, for the page of one pod."""
    return _config(visit, cluster, params, boot=False) | {"pod": pod}


def _many(visit: Visit, cluster: ClusterInfo, params: ViewParams) -> bool:
    """Whether the view is known to be large. Only what is watched anyway is counted: to look at one
    namespace must not start a watch of all."""
    if params.namespaces == (ALL_NAMESPACES,):
        return True
    if visit.portal is None:
        return False
    total = 0
    for namespace in params.namespaces:
        feed = visit.portal.hub.feed(Scope(cluster.name, "pods", namespace))
        if feed is not None and feed.synced:
            total += len(feed.records)
    return total >= HTTP_PICTURE_FROM
