"""Writing down what is found outside: the clusters of the environment, the namespaces a cluster lists.

Synchronous ORM, in transactions; both leave alone what did not change.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from k8sportal.environment import SettingError
from pods.domain.scope import is_namespace_name, url_name
from pods.kube.source import ClusterSource, DemoSource, InClusterSource, KubeconfigSource, ServerSource
from pods.models import Cluster, Namespace
from pods.signals import bump
from pods.sources import FoundCluster, url_name_clash


class SourceClashError(Exception):
    """Clusters of the environment and of the database cannot be told apart; `errors` says which."""

    def __init__(self, errors: Sequence[SettingError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(error.message for error in errors))


@transaction.atomic
def sync_sources(sources: Iterable[FoundCluster]) -> None:
    """Enter the environment's clusters; those of earlier starts that are gone stay, not configured.

    A new cluster's own namespace is entered with it, for where namespaces cannot be listed. Rows
    that did not change are not written. Raises `SourceClashError`.
    """
    found = {source.name: source for source in sources}
    rows = {row.name: row for row in Cluster.objects.select_for_update()}
    _refuse_clashes(found, rows)
    for name, row in rows.items():
        if row.managed and name not in found and (row.configured or row.current):
            row.configured = row.current = False
            row.save()
    for source in found.values():
        _enter(source, rows.get(source.name))


def _refuse_clashes(found: dict[str, FoundCluster], rows: dict[str, Cluster]) -> None:
    errors = []
    for row in rows.values():
        for name in found:
            if name == row.name and not row.managed:
                message = f"Both the environment and the admin have a cluster called {name!r}."
                hint = "Rename one: `kubectl config rename-context`, or in the admin."
                errors.append(SettingError("portal.E044", message, hint))
            elif name != row.name and url_name(name) == row.url_name:
                errors.append(url_name_clash([name, row.name]))
    if errors:
        raise SourceClashError(errors)


def _enter(found: FoundCluster, row: Cluster | None) -> None:
    new = row is None
    row = row or Cluster(name=found.name)
    wanted = {
        **_columns(found.source),
        "default_namespace": found.namespace,
        "current": found.current,
        "managed": True,
        "configured": True,
    }
    if new or any(getattr(row, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(row, name, value)
        row.save()
    if new and found.namespace:
        Namespace.objects.create(cluster=row, name=found.namespace)


def _columns(source: ClusterSource) -> dict[str, str]:
    columns = {"kubeconfig_paths": "", "context": "", "server": ""}
    match source:
        case KubeconfigSource(paths=paths, context=context):
            return columns | {"kind": Cluster.Kind.KUBECONFIG, "kubeconfig_paths": paths, "context": context}
        case InClusterSource():
            return columns | {"kind": Cluster.Kind.IN_CLUSTER}
        case DemoSource(url=url):
            return columns | {"kind": Cluster.Kind.DEMO, "server": url}
        case ServerSource():
            raise ValueError("the environment names no bare servers")


def record_namespaces(cluster_name: str, names: set[str], now: datetime | None = None) -> bool:
    """Enter the namespaces that a cluster lists, and mark those gone that it lists no more.

    Arrivals are granted to nobody. Names that are none (RFC 1123) are left out. Returns whether
    anything changed; then the access version grew. Nothing happens for an unknown cluster.
    """
    listed = {name for name in names if is_namespace_name(name)}
    rows = Namespace.objects.filter(cluster__name=cluster_name)
    # Mostly nothing changed: then nothing is locked either.
    if set(rows.filter(gone_since=None).values_list("name", flat=True)) == listed:
        return False
    return _record_changes(cluster_name, listed, now or timezone.now())


@transaction.atomic
def _record_changes(cluster_name: str, listed: set[str], now: datetime) -> bool:
    cluster = Cluster.objects.select_for_update().filter(name=cluster_name).first()
    if cluster is None:
        return False
    known = dict(cluster.namespaces.values_list("name", "gone_since"))
    new = [Namespace(cluster=cluster, name=name, discovered=True) for name in sorted(listed - known.keys())]
    gone = {name for name, since in known.items() if since is None and name not in listed}
    back = {name for name, since in known.items() if since is not None and name in listed}
    if not (new or gone or back):
        return False
    Namespace.objects.bulk_create(new, ignore_conflicts=True)
    cluster.namespaces.filter(name__in=gone).update(gone_since=now)
    cluster.namespaces.filter(name__in=back).update(gone_since=None)
    bump()
    return True
