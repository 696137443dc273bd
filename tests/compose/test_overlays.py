"""The overlays: the working tree with reload, and the clusters of the host's kubeconfig."""

import json
import stat
from urllib.error import HTTPError

from tests.cluster.control_plane import ControlPlane
from tests.compose.docker import Stack, docker, wait_until

RELOAD_SECONDS = 240.0
SEEN_SECONDS = 120.0


def test_the_working_tree_runs_and_a_changed_file_is_served(fresh: Stack) -> None:
    fresh.up("compose.dev.yaml", portals=1)
    assert len(fresh.containers("portal")) == 1
    urls = fresh.folder / "k8sportal" / "urls.py"
    before = urls.read_text()
    assert answer(fresh, "/reloaded/") != "reloaded"
    more = "from django.http import HttpResponse as Answer\n"
    more += "urlpatterns += [path('reloaded/', lambda _: Answer('reloaded'))]\n"
    try:
        urls.write_text(f"{before}\n{more}")
        took = wait_until(
            lambda: answer(fresh, "/reloaded/") == "reloaded", RELOAD_SECONDS, "the change is served"
        )
        print(f"a changed file is served after {took:.1f} s")
    finally:
        urls.write_text(before)


def answer(stack: Stack, path: str) -> str:
    try:
        return stack.get(path)
    except HTTPError as error:
        return str(error)
    except OSError as error:  # while it starts anew
        return str(error)


def pod(namespace: str, name: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "main", "image": "example"}]},
    }


def test_the_hosts_kubeconfig_with_a_server_on_its_loopback(
    fresh: Stack, control_plane: ControlPlane, namespace: str
) -> None:
    """As kind and k3d write it: mode 0600, a server on 127.0.0.1, the authority inside."""
    kubeconfig = control_plane.kubeconfig_for("admin", namespace=namespace)
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    assert "https://127.0.0.1:" in kubeconfig.read_text()
    control_plane.apply(pod(namespace, "first"))
    fresh.environment |= {"KUBECONFIG": str(kubeconfig), "PORTAL_ANONYMOUS_READ": "1"}
    fresh.up("compose.kubeconfig.yaml")

    def names() -> list[str]:
        try:
            text = fresh.get(f"/api/v1/pods?cluster=test&namespace={namespace}")
        except OSError:
            return []
        return sorted(row["name"] for row in json.loads(text)["pods"])

    wait_until(lambda: names() == ["first"], SEEN_SECONDS, "the pod is shown")
    control_plane.apply(pod(namespace, "second"))
    wait_until(lambda: names() == ["first", "second"], SEEN_SECONDS, "a new pod is shown")
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    for portal in fresh.containers("portal"):
        assert docker("exec", portal, "stat", "-c", "%a %u", "/run/kubeconfig/config") == "600 10001"
