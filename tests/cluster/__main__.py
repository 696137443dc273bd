"""`make cluster`: a real control plane in the foreground, with a shop whose pods never stand still.

Ctrl-C (or SIGTERM) ends it and removes everything.
"""

import random
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from tests.cluster.build import BuildError
from tests.cluster.control_plane import ControlPlane, KubectlError
from tests.cluster.processes import ProgramError

NODES = 4
NAMESPACE = "shop"
SECONDS_BETWEEN_CHANGES = 6.0
WORKLOADS = Path(__file__).resolve().parent / "shop.yaml"
DEPLOYMENTS = ("cart", "checkout", "frontend")


def main() -> int:
    """Serves until interrupted; 0 after a clean end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with ControlPlane(nodes=NODES) as cluster:
            cluster.create_namespace(NAMESPACE)
            cluster.kubectl("apply", "-f", str(WORKLOADS))
            _tell(cluster)
            _keep_changing(cluster)
    except KeyboardInterrupt:
        print("\nThe control plane has ended; nothing of it is left.", flush=True)
        return 0
    except (BuildError, ProgramError, TimeoutError) as error:
        print(error, file=sys.stderr, flush=True)
        return 1


def _tell(cluster: ControlPlane) -> None:
    kubeconfig = cluster.kubeconfig_for("admin", namespace=NAMESPACE, context="local")
    print(
        f"A Kubernetes control plane with {NODES} simulated nodes listens on {cluster.url}.\n"
        f"In another terminal:\n\n"
        f"    export KUBECONFIG={kubeconfig}\n"
        f"    make run\n\n"
        f"kubectl, where you have none: {cluster.kubectl_path}\n"
        f"Its pods are in the namespace {NAMESPACE}. Ctrl-C ends it and removes everything.",
        flush=True,
    )


def _keep_changing(cluster: ControlPlane) -> NoReturn:
    """One small change every few seconds, as a team at work makes them."""
    number = 0
    while True:
        number += 1
        time.sleep(SECONDS_BETWEEN_CHANGES)
        try:
            _change(cluster, number)
        except KubectlError as error:  # whoever watches may have deleted what we change
            print(f"Not changed: {error}", file=sys.stderr, flush=True)


def _change(cluster: ControlPlane, number: int) -> None:
    deployment = f"deployment/{random.choice(DEPLOYMENTS)}"
    match number % 4:
        case 0:
            cluster.kubectl("rollout", "restart", deployment, "-n", NAMESPACE)
        case 1:
            replicas = random.randint(2, 5)
            cluster.kubectl("scale", deployment, f"--replicas={replicas}", "-n", NAMESPACE)
        case 2:
            cluster.kubectl("create", "job", f"import-{number}", "--from=cronjob/import", "-n", NAMESPACE)
        case _:
            pods = cluster.kubectl("get", "pods", "-n", NAMESPACE, "-l", "app=frontend", "-o", "name").split()
            if pods:
                cluster.kubectl("delete", random.choice(pods), "-n", NAMESPACE, "--wait=false")


if __name__ == "__main__":
    sys.exit(main())
