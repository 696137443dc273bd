"""Why a container does not come to run: its image, its configuration, its command."""

from __future__ import annotations

import re

from pods.domain.oneline import MAX_MESSAGE_LENGTH, lasting, one_line, without_layers
from pods.domain.row import Why
from pods.domain.whytexts import detail, reason

# What registries and runtimes say, in small letters, and what it means; the first one that is found.
_IMAGE_SIGNS: tuple[tuple[str, str], ...] = (
    ("toomanyrequests", "image_rate_limited"),
    ("too many requests", "image_rate_limited"),
    ("no match for platform", "image_platform"),
    ("no matching manifest", "image_platform"),
    ("manifest unknown", "image_not_found"),
    ("unauthorized", "image_denied"),
    ("denied", "image_denied"),
    ("forbidden", "image_denied"),
    ("authentication required", "image_denied"),
    ("no basic auth credentials", "image_denied"),
    ("no such host", "image_unreachable"),
    ("connection refused", "image_unreachable"),
    ("no route to host", "image_unreachable"),
    ("i/o timeout", "image_unreachable"),
    ("deadline exceeded", "image_unreachable"),
    ("tls: ", "image_unreachable"),
    ("tls handshake", "image_unreachable"),
    ("x509", "image_unreachable"),
    ("not found", "image_not_found"),
)
_MISSING = re.compile(r'(configmap|secret)s? "([^"]+)" not found')
_MISSING_KEY = re.compile(r"couldn't find key (\S+) in (ConfigMap|Secret) (?:[^/\s]+/)?(\S+)")
_NO_COMMAND = re.compile(r'exec: \\?"([^"\\]+)\\?": (?:executable file not found|stat \S+: no such file)')
_QUOTA = re.compile(r"exceeded quota: ([^,\s]+), (.*)", re.DOTALL)


def image(container: str, image: str, waiting_reason: str, message: str) -> Why:
    """An image that cannot be had; `message` is what the node says of it."""
    image = one_line(image)
    if waiting_reason == "ErrImageNeverPull":
        return reason("image_never", image=image, container=container)
    said = lasting(without_layers(message))
    lower = said.lower().replace(image.lower(), "")
    code = next((code for sign, code in _IMAGE_SIGNS if sign in lower), None)
    if code is None:
        return reason("image_pull", image=image, container=container, message=said or waiting_reason)
    return reason(code, detail("registry_said", message=said), image=image, container=container)


def configuration(container: str, message: str) -> Why:
    """CreateContainerConfigError: something that the container refers to is not there."""
    missing = _MISSING.search(message)
    if missing is not None:
        code = "config_map_missing" if missing.group(1) == "configmap" else "secret_missing"
        return reason(code, container=container, name=one_line(missing.group(2)))
    key = _MISSING_KEY.search(message)
    if key is not None:
        return reason(
            "config_key_missing",
            container=container,
            key=one_line(key.group(1)),
            kind=key.group(2),
            name=one_line(key.group(3)),
        )
    if "run as root" in message or "runAsNonRoot" in message:
        return reason("runs_as_root", detail("runtime_said", message=one_line(message)), container=container)
    return reason("config_missing", container=container, message=one_line(message))


def start(container: str, waiting_reason: str, message: str) -> Why:
    """A container that the runtime could not create or run."""
    command = _NO_COMMAND.search(message[: 20 * MAX_MESSAGE_LENGTH])
    if command is not None:
        return reason("command_missing", container=container, command=one_line(command.group(1)))
    return reason("start_failed", container=container, reason=waiting_reason, message=lasting(message))


def quota(message: str) -> Why | None:
    """Somebody was refused because a quota is used up, whoever says so."""
    found = _QUOTA.search(message)
    if found is None:
        return None
    return reason("quota", quota=one_line(found.group(1)), message=one_line(found.group(2)))
