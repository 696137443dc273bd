"""Stand-ins for public container images, where Debian's packages can be had but no image registry.

The Dockerfile and compose.yaml name images; where those cannot be pulled, images of the same names are made
of Debian bookworm's own packages, so that both are really built and brought up, unchanged. Whatever version
the name asks for, a stand-in holds Debian's: Python 3.11, Redis 7.0, PostgreSQL 15, nginx 1.22.

    python -m tools.standins                 # makes those that the project's files name and that are not here
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.docker import NoDockerError, apt_get
from tools.programs import say

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BASE = "k8sportal-standin-base"
LABEL = "k8sportal.standin"
PULL_DEADLINE_SECONDS = 300.0
BUILD_DEADLINE_SECONDS = 900.0
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

_INSTALL = (
    "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends {packages} "
    ">/dev/null && rm -rf /var/lib/apt/lists/*"
)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

DOCKERFILES = {
    "python": [
        _INSTALL.format(packages="python3 python3-venv python3-pip"),
        "RUN ln -s /usr/bin/python3 /usr/local/bin/python",
    ],
    "valkey": [
        _INSTALL.format(packages="redis-server"),
        "RUN ln -s /usr/bin/redis-cli /usr/local/bin/valkey-cli && install -d -o redis -g redis /data",
        "COPY valkey-entrypoint /usr/local/bin/",
        "WORKDIR /data",
        'ENTRYPOINT ["valkey-entrypoint"]',
        'CMD ["valkey-server"]',
    ],
    "postgres": [
        "RUN install -d /etc/postgresql-common",
        "RUN echo create_main_cluster = false >/etc/postgresql-common/createcluster.conf",
        _INSTALL.format(packages="postgresql-15"),
        f"ENV PATH=/usr/lib/postgresql/15/bin:{_PATH} PGDATA=/var/lib/postgresql/data",
        "COPY postgres-entrypoint /usr/local/bin/",
        'ENTRYPOINT ["postgres-entrypoint"]',
        'CMD ["postgres"]',
    ],
    "nginx": [
        _INSTALL.format(packages="nginx-light"),
        "RUN ln -sf /dev/stderr /var/log/nginx/error.log && rm -rf /var/lib/nginx",
        "RUN install -d /var/cache/nginx && ln -s /var/cache/nginx /var/lib/nginx",
        'CMD ["nginx", "-g", "daemon off;"]',
    ],
}


def named_images() -> list[str]:
    """The public images that the Dockerfile and compose.yaml name."""
    found = re.findall(r"^ARG PYTHON_IMAGE=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    images = re.findall(r"^ +image: +(\S+)", (ROOT / "compose.yaml").read_text(), re.MULTILINE)
    return sorted({*found, *(image for image in images if kind_of(image) in DOCKERFILES)})


def kind_of(image: str) -> str:
    """What an image is: `valkey` of `valkey/valkey:8-alpine`."""
    return re.split("[:@]", image.rpartition("/")[2])[0]


def ensure(images: list[str]) -> None:
    """Has each image here: there already, pulled, or a stand-in. Raises NoDockerError."""
    missing = [image for image in images if not is_here(image)]
    if missing and not _pull(missing[0]):
        for image in missing:
            _make(image)
        return
    for image in missing[1:]:
        if not _pull(image):
            raise NoDockerError(f"{image} cannot be pulled, although {missing[0]} could.")


def is_here(image: str) -> bool:
    """Whether Docker has the image: the real one, or a stand-in as it would be made now."""
    label = "{{index .Config.Labels " + json.dumps(LABEL) + "}}"
    done = _docker("image", "inspect", "--format", label, image)
    return done.returncode == 0 and done.stdout.strip() in ("", "<no value>", _digest(image))


def _pull(image: str) -> bool:
    try:
        return _docker("pull", "--quiet", image, seconds=PULL_DEADLINE_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _make(image: str) -> None:
    if _docker("image", "inspect", BASE).returncode:
        _make_base()
    say(f"Making a stand-in for {image} of Debian's packages.")
    lines = [f"FROM {BASE}", f"LABEL {LABEL}={_digest(image)}", *DOCKERFILES[kind_of(image)]]
    with tempfile.TemporaryDirectory(prefix="k8sportal-standin-") as name:
        folder = Path(name)
        for script in HERE.glob("*-entrypoint"):
            shutil.copy(script, folder)
        (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
        done = _docker("build", "--quiet", "--tag", image, name, seconds=BUILD_DEADLINE_SECONDS)
    if done.returncode:
        raise NoDockerError(f"The stand-in for {image} could not be made:\n{done.stderr[-2000:]}")


def _digest(image: str) -> str:
    """What a stand-in is made of, in short. Other images have no such thing."""
    parts = [
        *DOCKERFILES.get(kind_of(image), ()),
        *(path.read_text() for path in sorted(HERE.glob("*-entrypoint"))),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _make_base() -> None:
    """Debian bookworm as debootstrap makes it, which trusts the authorities that this machine trusts."""
    if os.geteuid() != 0:
        raise NoDockerError("Images cannot be pulled, and only root can make stand-ins.")
    if not shutil.which("debootstrap") and not (
        apt_get("update") and apt_get("install", "-y", "debootstrap")
    ):
        raise NoDockerError("Images cannot be pulled, and debootstrap, for stand-ins, cannot be installed.")
    say("Images cannot be pulled. Making a Debian base for stand-ins, which takes about 2 minutes, once.")
    with tempfile.TemporaryDirectory(prefix="k8sportal-standin-") as name:
        root = Path(name) / "root"
        command = [
            "debootstrap",
            "--variant=minbase",
            "--include=ca-certificates,curl",
            "bookworm",
            str(root),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_DEADLINE_SECONDS)
        if done.returncode:
            raise NoDockerError(f"debootstrap failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        if CERTIFICATES.is_file():
            shutil.copy(CERTIFICATES, root / str(CERTIFICATES).lstrip("/"))
        _import(root)


def _import(root: Path) -> None:
    """The tree as an image."""
    changes = [
        f"ENV PATH={_PATH}",
        f"ENV SSL_CERT_FILE={CERTIFICATES} PIP_CERT={CERTIFICATES}",
        'CMD ["bash"]',
    ]
    options = [word for change in changes for word in ("--change", change)]
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
        done = subprocess.run(
            ["docker", "import", *options, "-", BASE],
            stdin=tar.stdout,
            capture_output=True,
            text=True,
            timeout=BUILD_DEADLINE_SECONDS,
        )
    if done.returncode or tar.returncode:
        raise NoDockerError(f"The Debian base could not be imported: {done.stderr.strip()}")


def _docker(*arguments: str, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
    """The classic builder is the one that is everywhere."""
    return subprocess.run(
        ["docker", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )
