"""A corporate certificate authority: one file, one setting (docs/install.md)."""

import json
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.portal import PortalProcess


def without_authority(kubeconfig: Path, target: Path) -> Path:
    """The kubeconfig of somebody whose machine trusts the authority anyway."""
    content = json.loads(kubeconfig.read_text())
    for entry in content["clusters"]:
        del entry["cluster"]["certificate-authority-data"]
    target.write_text(json.dumps(content))
    return target


@pytest.mark.slow
def test_a_cluster_is_trusted_by_the_file_that_ssl_cert_file_names(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    kubeconfig = without_authority(
        control_plane.kubeconfig_for("admin", namespace=namespace), tmp_path / "kubeconfig"
    )
    authority = {"SSL_CERT_FILE": str(control_plane.folder / "ca.crt")}
    with PortalProcess(kubeconfig, environment=authority) as portal:
        answer = json.loads(portal.get(f"/api/v1/pods?cluster=test&namespace={namespace}", timeout=60))
        assert answer["feed"]["state"] == "live"
