"""The image: small, without tools and secrets, not root, and it ends as it should."""

import contextlib
import json
import re
import secrets
import time
from collections.abc import Iterator

from tests.compose.docker import docker, wait_until
from tools.standins import ROOT

MEGABYTE = 1_000_000
END_SECONDS = 10.0
# As compose.yaml and deploy/kubernetes run it.
CAREFUL = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges:true",
    "--tmpfs=/tmp:mode=1777",
    "--tmpfs=/home/portal:mode=0700,uid=10001,gid=10001",
)


def size(image: str) -> int:
    return int(docker("image", "inspect", "--format={{.Size}}", image))


def in_image(image: str, *command: str) -> str:
    return docker("run", "--rm", "--network=none", *CAREFUL, image, *command)


def base_image() -> str:
    found = re.search(r"^ARG PYTHON_IMAGE=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    return found[1]


def test_it_adds_less_than_250_megabytes_to_its_base(image: str) -> None:
    added = (size(image) - size(base_image())) / MEGABYTE
    print(f"the image adds {added:.0f} MB to its base")
    assert added < 250


def test_it_holds_no_build_tools(image: str) -> None:
    script = (
        "for name in gcc cc c++ make ld git curl-config /opt/venv/bin/pip; do command -v $name; done; true"
    )
    assert in_image(image, "sh", "-c", script) == ""


def test_it_holds_no_secret_and_nothing_of_the_working_tree_but_the_portal(image: str) -> None:
    environment = json.loads(docker("image", "inspect", "--format={{json .Config.Env}}", image))
    names = {entry.split("=")[0] for entry in environment}
    assert not [name for name in names if re.search("SECRET|PASSWORD|TOKEN|KEY|PIP_INDEX", name)]
    history = docker("history", "--no-trunc", "--format={{.CreatedBy}}", image)
    assert "SECRET" not in history
    found = set(in_image(image, "ls", "-A", "/srv/k8sportal", "/var/lib/k8sportal", "/run/k8sportal").split())
    assert found == {
        *("/srv/k8sportal:", "/var/lib/k8sportal:", "/run/k8sportal:"),
        *("manage.py", "requirements.txt", "k8sportal", "pods", "democluster"),
        *("templates", "static", "staticfiles", "locale"),
    }


def test_it_runs_as_nobody_in_particular_and_may_write_only_where_it_must(image: str) -> None:
    script = """
        id -u
        for folder in / /srv/k8sportal /etc; do touch "$folder/x" 2>/dev/null && echo "wrote $folder"; done
        for folder in "$HOME" /tmp; do touch "$folder/x" && echo "wrote $folder"; done
    """
    assert in_image(image, "sh", "-c", script).split("\n") == ["10001", "wrote /home/portal", "wrote /tmp"]


def test_what_it_imports_is_compiled(image: str) -> None:
    """Nothing can be written at run time, so a start would compile everything each time."""
    # Those that are loaded when they are first used are not, and have a type of their own.
    script = (
        "import sys, types, pathlib, k8sportal.asgi, k8sportal.serve_daphne, k8sportal.serve_uvicorn; "
        "print(*[name for name, module in list(sys.modules.items()) if type(module) is types.ModuleType "
        "and (getattr(module, '__cached__', None) or '').startswith(('/opt/', '/srv/')) "
        "and not pathlib.Path(module.__cached__).exists()])"
    )
    started = docker(
        "run", "--rm", "--network=none", "-e", "DJANGO_SECRET_KEY=k", *CAREFUL, image, "python", "-c", script
    )
    assert started == ""


@contextlib.contextmanager
def small_portal(image: str) -> Iterator[str]:
    """One container on its own: SQLite on a volume, no cluster."""
    name = f"k8sportal-test-{secrets.token_hex(4)}"
    common = (
        *CAREFUL,
        "--network=none",
        "-e",
        "DJANGO_SECRET_KEY=only for a test",
        "-v",
        f"{name}:/var/lib/k8sportal",
    )
    try:
        docker("run", "--rm", *common, image, "python", "manage.py", "prepare_database")
        yield docker("run", "-d", "--name", name, *common, image)
    finally:
        docker("rm", "-f", name, check=False)
        docker("volume", "rm", name, check=False)


def test_it_says_that_it_is_healthy_and_ends_by_itself_when_told(image: str) -> None:
    with small_portal(image) as container:
        health = "--format={{.State.Health.Status}}"
        wait_until(lambda: docker("inspect", health, container) == "healthy", 240, "the container is healthy")
        started = time.monotonic()
        docker("stop", "--time=60", container)
        took = time.monotonic() - started
        print(f"ended {took:.1f} s after SIGTERM")
        assert docker("inspect", "--format={{.State.ExitCode}}", container) == "0"
        assert took < 5 * END_SECONDS
        assert '"signal": "SIGTERM"' in docker("logs", container)


def test_without_a_key_it_says_what_is_missing(image: str) -> None:
    said = docker("run", "--rm", "--network=none", *CAREFUL, image, check=False)
    assert "DJANGO_SECRET_KEY is not set" in said
    assert "Traceback" not in said
