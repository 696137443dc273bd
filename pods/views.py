"""The pages: home, pods, one pod.

A page decides whether its reader may see it, and gives its scripts their settings and texts; the
pods themselves come over the WebSocket and the API. Who may not see a page is sent to the sign-in
where that could help, and told in words otherwise.
"""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from k8sportal import __version__
from pods.access import ClusterInfo
from pods.asked import read
from pods.domain.row import HEALTHS
from pods.domain.scope import ALL_NAMESPACES, Scope, is_object_name
from pods.firstrows import First, first_rows
from pods.savedviews import offered_to
from pods.sources import IN_CLUSTER
from pods.viewparams import ViewParams
from pods.visits import Admitted, Visit, admit, pods_address, view_title

# From this many pods on, the first picture comes compressed over HTTP instead of the socket.
HTTP_PICTURE_FROM = 1000

# Not no-store: the browser keeps the page for its back button, until its reader signs out.
own_page = cache_control(private=True, no_cache=True)


def plain_address(request: HttpRequest) -> str:
    """The plain table of the pods that this page shows."""
    return f"{reverse('pods-plain')}?{request.GET.urlencode(safe='*')}"


@own_page
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The clusters and namespaces that this person may see, with counts that come later."""
    visit = Visit.of(request)
    clusters = visit.access.clusters(visit.person)
    context = visit.context() | {
        "saved_views": offered_to(visit.person, visit.access),
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


@own_page
@require_safe
def pods_page(request: HttpRequest) -> HttpResponse:
    """The live table of one or more namespaces."""
    admitted = admit(request)
    if isinstance(admitted, HttpResponse):
        return admitted
    visit, params, cluster = admitted.visit, admitted.params, admitted.cluster
    gone = {info.name for info in visit.access.namespaces(visit.person, cluster.name) if info.gone}
    context = visit.context(cluster) | {
        "params": params,
        "here": view_title(params),
        "plain": plain_address(request),
        "healths": HEALTHS,
        "several": params.namespaces == (ALL_NAMESPACES,) or len(params.namespaces) > 1,
        "gone": sorted(gone & set(params.namespaces)),
        "unfiltered": f"{reverse('pods')}?{params.query(cluster, filtered=False)}",
        "config": _config(visit, cluster, params, boot=_many(visit, cluster, params))
        | {"first": _first(admitted)},
    }
    return render(request, "pods/pods.html", context)


def _first(admitted: Admitted) -> First | None:
    """The rows that come with the page."""
    visit, params = admitted.visit, admitted.params
    if visit.portal is None:
        return None
    asked = read(params, visit.access)
    return async_to_sync(first_rows)(visit.portal, visit.person, asked, admitted.namespaces)


@own_page
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
        "plain_pod": f"{reverse('pods-plain')}?{params.query(info)}&{urlencode({'q': pod})}",
        "config": _pod_config(visit, info, params, pod),
    }
    return render(request, "pods/pod.html", context)


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


def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session (POST), and what the browser has kept of its pages."""
    response = LogoutView.as_view()(request)
    response["Clear-Site-Data"] = '"cache"'
    return response
