"""The parameters of a view of pods as they stand in an address, checked: cluster, namespaces, filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _

from pods.access import ClusterInfo
from pods.domain.scope import ALL_NAMESPACES, is_namespace_name, is_object_name
from pods.domain.selectors import SENTENCES, SelectorError, parse_selector
from pods.domain.sentences import render


class BadParams(Exception):
    """An address that means nothing; `message` says in the reader's language what is wrong with it."""

    def __init__(self, message: str, *, signing_in_may_help: bool = False) -> None:
        self.message = message
        self.signing_in_may_help = signing_in_may_help
        super().__init__(message)


@dataclass(frozen=True)
class ViewParams:
    """A cluster (as it stands in the address), namespaces or `*`, and the filters ("" for none)."""

    cluster: str
    namespaces: tuple[str, ...]
    deployment: str = ""
    selector: str = ""

    def query(self, cluster: ClusterInfo, *, filtered: bool = True) -> str:
        """These parameters as a query string."""
        pairs = [("cluster", cluster.url_name), *(("namespace", name) for name in self.namespaces)]
        if filtered:
            filters = (("deployment", self.deployment), ("selector", self.selector))
            pairs += [(name, value) for name, value in filters if value]
        return urlencode(pairs, safe="*")

    def filter_words(self) -> str:
        """The filters as people read them: `deployment=web, selector: tier=front`."""
        words = []
        if self.deployment:
            words.append(f"deployment={self.deployment}")
        if self.selector:
            words.append(f"selector: {self.selector}")
        return ", ".join(words)


def read_params(query: QueryDict, clusters: Sequence[ClusterInfo]) -> ViewParams:
    """The view that an address asks for.

    `clusters` are those that the reader may see: with just one of them `cluster` may be left out.
    Raises `BadParams`.
    """
    namespaces = tuple(dict.fromkeys(query.getlist("namespace")))
    _check_namespaces(namespaces)
    deployment, selector = query.get("deployment", ""), query.get("selector", "")
    if deployment and not is_object_name(deployment):
        raise BadParams(_("“%(name)s” cannot be the name of a Deployment.") % {"name": deployment})
    try:
        parse_selector(selector)
    except SelectorError as error:
        raise BadParams(render(_(SENTENCES[error.code]), error.params)) from error
    return ViewParams(query.get("cluster", "") or _only(clusters), namespaces, deployment, selector)


def _check_namespaces(namespaces: tuple[str, ...]) -> None:
    if not namespaces:
        raise BadParams(_("The address names no namespace. Add namespace=NAME, or namespace=* for all."))
    if ALL_NAMESPACES in namespaces and len(namespaces) > 1:
        raise BadParams(_("namespace=* stands for all namespaces and cannot be joined with others."))
    limit = settings.PORTAL_MAX_NAMESPACES
    if len(namespaces) > limit:
        raise BadParams(_("At most %(limit)s namespaces can be shown at once.") % {"limit": limit})
    for name in namespaces:
        if name != ALL_NAMESPACES and not is_namespace_name(name):
            raise BadParams(_("“%(name)s” cannot be the name of a namespace.") % {"name": name})


def _only(clusters: Sequence[ClusterInfo]) -> str:
    if len(clusters) == 1:
        return clusters[0].name
    message = _("The address names no cluster. Add cluster=NAME.")
    raise BadParams(message, signing_in_may_help=not clusters)
