"""Which clusters the environment offers: kubeconfig contexts, the service account, or the demo.

The order is kubectl's: KUBECONFIG, else ~/.kube/config, else the pod's own service account. A
KUBECONFIG that is set but unusable is an error and never the next choice: whoever set it meant it.
Only names are read here; addresses and credentials are read by `pods.kube` on first use.
"""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from k8sportal.environment import SettingError
from pods.domain.scope import is_namespace_name, url_name
from pods.kube.source import ClusterSource, DemoSource, InClusterSource, KubeconfigSource

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
DEMO, IN_CLUSTER = "demo", "in-cluster"


@dataclass(frozen=True)
class FoundCluster:
    """A cluster of the environment: its name, its own namespace ("" if none), and whether it opens first."""

    name: str
    source: ClusterSource
    namespace: str = ""
    current: bool = False


@dataclass
class Found:
    """What the environment offers, and what is wrong with it."""

    clusters: list[FoundCluster] = field(default_factory=list)
    errors: list[SettingError] = field(default_factory=list)


def configured_sources() -> Found:
    """The clusters that this process's settings and files offer."""
    from django.conf import settings

    if settings.PORTAL_DEMO:
        return demo_source(settings.PORTAL_DEMO_URL)
    return find_sources(settings.KUBECONFIG, Path.home() / ".kube" / "config", os.environ, SERVICE_ACCOUNT)


def demo_source(url: str) -> Found:
    """The demo cluster, and nothing else."""
    if url:
        return Found([FoundCluster(DEMO, DemoSource(url.rstrip("/")), current=True)])
    hint = "Use `make demo`, which starts one, or set PORTAL_DEMO_URL to a running one."
    return Found(errors=[SettingError("portal.E043", "PORTAL_DEMO is set without PORTAL_DEMO_URL.", hint)])


def find_sources(kubeconfig: str, fallback: Path, variables: Mapping[str, str], account: Path) -> Found:
    """The first of KUBECONFIG, `fallback` (~/.kube/config) and the service account that is there."""
    if kubeconfig:
        return _checked(_read_kubeconfig(kubeconfig, "KUBECONFIG", required=True))
    if fallback.exists():
        found = _checked(_read_kubeconfig(str(fallback), str(fallback), required=False))
        if found.clusters or found.errors:
            return found
    if variables.get("KUBERNETES_SERVICE_HOST") and (account / "token").is_file():
        return Found([FoundCluster(IN_CLUSTER, InClusterSource(), _own_namespace(account), current=True)])
    return Found()


def _own_namespace(account: Path) -> str:
    try:
        name = (account / "namespace").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return name if is_namespace_name(name) else ""


def _read_kubeconfig(paths: str, called: str, *, required: bool) -> Found:
    """The contexts of kubeconfig files, joined as kubectl joins them: what comes first wins."""
    files = [Path(part).expanduser().absolute() for part in paths.split(os.pathsep) if part]
    there = [path for path in files if path.exists()]
    if not there:
        return Found(errors=[_unusable(called, f"no such file: {paths}")])
    contexts: dict[str, dict[str, Any]] = {}
    described: set[str] = set()
    current = ""
    for path in there:
        try:
            content = _content(path)
        except _UnreadableError as error:
            return Found(errors=[_unusable(called, f"{path}: {error}")])
        for name, context in _named(content, "contexts", "context").items():
            contexts.setdefault(name, context)
        described |= set(_named(content, "clusters", "cluster"))
        current = current or str(content.get("current-context") or "")
    if not any(context.get("cluster") in described for context in contexts.values()):
        if not required and not contexts:
            return Found()
        return Found(errors=[_unusable(called, f"no context with a cluster in {paths}")])
    source = KubeconfigSource(os.pathsep.join(str(path) for path in there), "")
    return Found([_cluster(name, contexts[name], source, name == current) for name in contexts])


def _cluster(name: str, context: dict[str, Any], source: KubeconfigSource, current: bool) -> FoundCluster:
    namespace = str(context.get("namespace") or "default")
    return FoundCluster(
        name, replace(source, context=name), namespace if is_namespace_name(namespace) else "", current
    )


class _UnreadableError(Exception):
    """A kubeconfig file that cannot be read; the text says why."""


def _content(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _UnreadableError(error.strerror or "it cannot be read") from error
    except UnicodeDecodeError as error:
        raise _UnreadableError("it is not UTF-8 text") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _UnreadableError(
            f"it is not YAML (line {mark.line + 1})" if mark else "it is not YAML"
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _UnreadableError("it is not a kubeconfig")
    return content


def _named(content: dict[str, Any], several: str, one: str) -> dict[str, dict[str, Any]]:
    """The named entries of a kubeconfig's list, as a dictionary by name; malformed ones are left out."""
    entries = content.get(several)
    found: dict[str, dict[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("name") and isinstance(entry.get(one), dict):
            found.setdefault(str(entry["name"]), entry[one])
    return found


def _unusable(called: str, why: str) -> SettingError:
    hint = "Name a readable kubeconfig with at least one context, or unset KUBECONFIG."
    if called != "KUBECONFIG":
        hint = "Repair or remove that file, or set KUBECONFIG to another one."
    return SettingError("portal.E040", f"{called} is unusable: {why}.", hint)


def _checked(found: Found) -> Found:
    """Note names that cannot be told apart, or not be used, in addresses."""
    by_url_name = defaultdict(list)
    for cluster in found.clusters:
        by_url_name[url_name(cluster.name)].append(cluster.name)
        if not url_name(cluster.name).strip("."):
            hint = "Rename it with `kubectl config rename-context`."
            message = f"A context cannot be called {cluster.name!r}: it would be lost in addresses."
            found.errors.append(SettingError("portal.E042", message, hint))
    for names in by_url_name.values():
        if len(names) > 1:
            found.errors.append(url_name_clash(names))
    return found


def url_name_clash(names: list[str]) -> SettingError:
    """Several clusters would have one address."""
    listed = ", ".join(repr(name) for name in names)
    message = f"These clusters have the same name in addresses, {url_name(names[0])!r}: {listed}."
    hint = "Rename one with `kubectl config rename-context`, or in the admin where it was entered there."
    return SettingError("portal.E041", message, hint)
