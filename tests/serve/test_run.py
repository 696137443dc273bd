"""`python -m k8sportal.run`, the whole of it, as `make run` and `make demo` start it."""

import os
import re
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
import requests

from tests.serve.program import Program

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Portal(Program):
    """A portal on a free port with a home and data folder of its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.data = folder / "data"
        self.port = int(variables.pop("PORT", "0")) or free_port()
        super().__init__(
            "-m",
            "k8sportal.run",
            variables={
                "HOME": str(folder),
                "PORTAL_DATA_DIR": str(self.data),
                "PORT": str(self.port),
                **variables,
            },
        )

    def get(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=10)


def children_in(sessions: set[int]) -> list[str]:
    """The processes whose session or parent is among these."""
    listed = subprocess.run(
        ["ps", "-eo", "sess=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [row[2] for row in rows if {int(row[0]), int(row[1])} & sessions]


def demo_session(portal: Portal) -> int:
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    (found,) = [int(row[0]) for row in rows if int(row[1]) == portal.process.pid and "democluster" in row[2]]
    return found


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_two_starts(tmp_path: Path, server: str) -> None:
    with Portal(tmp_path, PORTAL_SERVER=server) as first:
        sign_in = first.wait_for("Sign in as admin", 60)
        password = re.search(r"password (\S+) \(shown only now\)", sign_in)
        assert password is not None
        first.wait_for("Ctrl-C")
        assert "demo cluster" in "\n".join(first.lines)
        assert f"http://127.0.0.1:{first.port}/" in first.lines
        assert first.get("/readyz").json()["status"] == "ok"
        assert first.get("/nothing").status_code == 404
        assert can_sign_in(first, password[1])
        key = first.data / "secret_key"
        assert stat.S_IMODE(first.data.stat().st_mode) == 0o700
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        kept, demo = key.read_text(), demo_session(first)
        first.signal(signal.SIGINT)
        assert first.wait(10) == 0
        assert password[1] not in "\n".join(line for line in first.lines if line != sign_in)
        assert "Traceback" not in first.output
        assert children_in({first.process.pid, demo}) == []
    with Portal(tmp_path, PORTAL_SERVER=server, PORTAL_ADMIN_PASSWORD="not at a second start") as second:
        second.wait_for("To reset its password", 60)
        assert "changepassword admin" in second.wait_for("changepassword")
        second.wait_for("Ctrl-C")
        assert can_sign_in(second, password[1])
        assert key.read_text() == kept
        second.signal(signal.SIGTERM)
        assert second.wait(10) == 0
        assert "Traceback" not in second.output


def can_sign_in(portal: Portal, password: str) -> bool:
    with requests.Session() as session:
        address = f"http://127.0.0.1:{portal.port}/login/?next=/admin/"
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', session.get(address, timeout=10).text)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "username": "admin", "password": password, "next": "/admin/"}
        return session.post(address, form, timeout=10).url.endswith("/admin/")


def test_a_given_password_is_used_and_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse battery\n")
    with Portal(tmp_path, PORTAL_DEMO="1", PORTAL_ADMIN_PASSWORD_FILE=str(secret)) as portal:
        portal.wait_for("Ctrl-C", 60)
        assert can_sign_in(portal, "correct horse battery")
        portal.signal(signal.SIGINT)
        assert portal.wait(10) == 0
    assert "correct horse" not in portal.output
    assert "with the password in PORTAL_ADMIN_PASSWORD" in portal.output


def test_a_taken_port_is_told_in_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Portal(tmp_path, PORT=str(port)) as portal:
            assert portal.wait(60) == 1
            assert portal.output.startswith(f"Cannot listen on 127.0.0.1:{port}: Address already in use.")
            assert "Traceback" not in portal.output
            assert children_in({portal.process.pid}) == []


def test_the_demo_ends_with_a_portal_that_is_killed(tmp_path: Path) -> None:
    with Portal(tmp_path) as portal:
        portal.wait_for("Ctrl-C", 60)
        demo = demo_session(portal)
        watched = os.pidfd_open(demo) if hasattr(os, "pidfd_open") else None
        portal.signal(signal.SIGKILL)
        assert portal.wait(10) == -signal.SIGKILL
        if watched is not None:
            import select

            assert select.select([watched], [], [], 10)[0], "the demo cluster outlived its portal"
            os.close(watched)


def test_a_kubeconfig_is_shown_and_no_demo_started(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(
        "{clusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}], current-context: eu/prod,"
        " contexts: [{name: eu/prod, context: {cluster: c}}, {name: test, context: {cluster: c}}]}"
    )
    with Portal(tmp_path, KUBECONFIG=str(path)) as portal:
        portal.wait_for("Clusters: eu/prod (current), test", 60)
        portal.wait_for("Ctrl-C")
        assert "democluster" not in "\n".join(children_in({portal.process.pid}))
        portal.signal(signal.SIGINT)
        assert portal.wait(10) == 0


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"KUBECONFIG": "/nonexistent"}, "portal.E040: KUBECONFIG is unusable: no such file: /nonexistent."),
        ({"PORTAL_MAX_NAMESPACES": "many", "DJANGO_DEBUG": "maybe"}, "portal.E024"),
        (
            {"REDIS_URL": "http://localhost:6379"},
            "portal.E034: REDIS_URL is not the address of a Redis server.",
        ),
        ({"PORT": "70000"}, "portal.E003"),
    ],
)
def test_wrong_settings_are_named_with_a_hint(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    with Program(
        "-m",
        "k8sportal.run",
        variables={"HOME": str(tmp_path), "PORTAL_DATA_DIR": str(tmp_path), **variables},
    ) as portal:
        assert portal.wait(60) == 2
        assert said in portal.output
        assert "Traceback" not in portal.output


@pytest.mark.parametrize(
    "command",
    [["manage.py", "migrate"], ["-m", "k8sportal.serve"], ["-m", "daphne", "k8sportal.asgi:application"]],
)
def test_a_missing_secret_key_is_refused_elsewhere(tmp_path: Path, command: list[str]) -> None:
    with Program(*command, variables={"HOME": str(tmp_path), "PORTAL_DATA_DIR": str(tmp_path)}) as program:
        assert program.wait(60) == 2
        assert "portal.E002: DJANGO_SECRET_KEY is not set." in program.output
        assert "Traceback" not in program.output
