"""Backups of a control plane's etcd, and their restoration: the cluster is then where it was before."""

import shutil
from pathlib import Path

from tests.cluster import programs
from tests.cluster.control_plane import READY_DEADLINE_SECONDS, ControlPlane


class Backup:
    """A copy of the data as it is when this is made. Both steps block until the API server is ready again."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane
        self._data = control_plane.folder / "etcd"
        self._copy: Path = control_plane.folder / "etcd-backup"
        shutil.rmtree(self._copy, ignore_errors=True)
        control_plane._running.kill("etcd")
        shutil.copytree(self._data, self._copy)
        self._start_etcd()
        control_plane.wait_until(control_plane._is_ready, "the API server is ready", READY_DEADLINE_SECONDS)

    def restore(self) -> None:
        """Everything since is forgotten, versions included."""
        self._control_plane.kill_apiserver()
        self._control_plane._running.kill("etcd")
        shutil.rmtree(self._data)
        shutil.copytree(self._copy, self._data)
        self._start_etcd()
        self._control_plane.start_apiserver()

    def _start_etcd(self) -> None:
        command = programs.etcd(
            self._control_plane._paths["etcd"], self._control_plane.folder, self._control_plane.etcd_port
        )
        self._control_plane._running.start("etcd", command)
