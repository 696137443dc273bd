"""Credential plugins (EKS, GKE, …), run under the portal's own rules.

The official client runs a plugin without a time limit, lets it inherit stdin (a log-in prompt eats
the terminal), and deadlocks when it writes more than a pipe's worth to stderr. Here: stdin closed,
what it says to stderr dropped by the kernel (it may hold secrets, and nobody is shown it), stdout read
up to a bound, a deadline, and each failure named.

Protocol: https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from pods.domain.reasons import Reason
from pods.kube.errors import CredentialsError

TIMEOUT_SECONDS = 15.0
# A token, or a certificate with its key, is a few kB.
MAX_ANSWER_BYTES = 1024 * 1024
PIECE_BYTES = 64 * 1024
END_SECONDS = 2.0


class PluginStatus(msgspec.Struct, rename="camel"):
    """`status` of an ExecCredential: a token, or a client certificate with its key."""

    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime | None = None


class _ExecCredential(msgspec.Struct, rename="camel"):
    status: PluginStatus


async def run_plugin(
    spec: Mapping[str, Any], base_path: str, cluster: Mapping[str, Any], timeout: float = TIMEOUT_SECONDS
) -> PluginStatus:
    """Runs the plugin of a kubeconfig's `exec` section and gives what it printed.

    A relative command with a slash is relative to the kubeconfig's folder. Raises CredentialsError
    where the program is missing, fails, prints something else, or takes longer than `timeout` seconds.
    """
    command = str(spec.get("command", ""))
    program = str(Path(base_path, command)) if "/" in command else command
    name = Path(command).name
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *[str(argument) for argument in spec.get("args") or ()],
            env=_environment(spec, cluster),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise CredentialsError(Reason("plugin_missing", {"command": name})) from error
    stdout = await _output(process, name, timeout)
    try:
        answer = msgspec.json.decode(stdout, type=_ExecCredential)
    except msgspec.MsgspecError as error:
        raise CredentialsError(Reason("plugin_answer", {"command": name})) from error
    if not answer.status.token and not answer.status.client_certificate_data:
        raise CredentialsError(Reason("plugin_answer", {"command": name}))
    return answer.status


async def _output(process: asyncio.subprocess.Process, name: str, timeout: float) -> bytes:
    try:
        async with asyncio.timeout(timeout):
            stdout = await _read(process.stdout)
            if len(stdout) > MAX_ANSWER_BYTES:
                raise CredentialsError(Reason("plugin_answer", {"command": name}))
            await process.wait()
    except TimeoutError as error:
        raise CredentialsError(
            Reason("plugin_timed_out", {"command": name, "seconds": int(timeout)})
        ) from error
    finally:
        await _end(process)
    if process.returncode != 0:
        raise CredentialsError(
            Reason("plugin_failed", {"command": name, "exit_code": process.returncode or 0})
        )
    return stdout


async def _read(stdout: asyncio.StreamReader | None) -> bytes:
    """All that comes, or the first MAX_ANSWER_BYTES and a little more."""
    pieces: list[bytes] = []
    size = 0
    while stdout is not None and size <= MAX_ANSWER_BYTES and (piece := await stdout.read(PIECE_BYTES)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kills the plugin and its children (its own session) unless it has ended, and reaps it.

    asyncio calls a process ended when its pipes have been read to their end, too. A child that left the
    session may hold the pipe open for ever: then it is closed from our side.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
    try:
        async with asyncio.timeout(END_SECONDS):
            while process.stdout is not None and await process.stdout.read(PIECE_BYTES):
                pass
            await process.wait()
    except TimeoutError:
        process._transport.close()  # type: ignore[attr-defined]  # there is no public way to it


def _is_the_portals(name: str) -> bool:
    """Whether a variable is for the portal alone: secrets of it are nothing to a plugin."""
    return name.startswith(("DJANGO_", "PORTAL_")) or name in ("DATABASE_URL", "REDIS_URL")


def _environment(spec: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not _is_the_portals(name)}
    environment.update({str(item["name"]): str(item["value"]) for item in spec.get("env") or ()})
    info: dict[str, Any] = {
        "apiVersion": spec.get("apiVersion", ""),
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }
    if spec.get("provideClusterInfo"):
        info["spec"]["cluster"] = {
            key: cluster[key]
            for key in ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data")
            if key in cluster
        }
    environment["KUBERNETES_EXEC_INFO"] = json.dumps(info)
    return environment
