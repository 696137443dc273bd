"""Why a pod's containers cannot even be made: its volumes, and its network, as the node's warnings tell."""

from __future__ import annotations

import re

from pods.domain.oneline import one_line
from pods.domain.row import Why
from pods.domain.whytexts import reason

_VOLUME = re.compile(r'for volume "([^"]+)" ?:? ?(.*)')
_MISSING = re.compile(r'(configmap|secret) "([^"]+)" not found')

_VOLUME_REASONS = frozenset(
    {"FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedMountOnFilesystemMismatch"}
)
_NETWORK = "NetworkNotReady"
_SANDBOX_REASONS = frozenset({"FailedCreatePodSandBox", "FailedPodSandBoxStatus", _NETWORK})


def volume(event_reason: str, message: str) -> Why | None:
    """A volume that the node cannot mount or attach."""
    if event_reason not in _VOLUME_REASONS:
        return None
    found = _VOLUME.search(message)
    if found is None:
        return reason("volumes_unmounted", message=message)
    name, words = one_line(found.group(1)), one_line(found.group(2)) or message
    missing = _MISSING.search(words)
    if missing is not None:
        code = "volume_lacks_config_map" if missing.group(1) == "configmap" else "volume_lacks_secret"
        return reason(code, volume=name, name=one_line(missing.group(2)))
    if message.startswith("Multi-Attach"):
        return reason("volume_elsewhere", volume=name)
    code = "volume_attach" if event_reason == "FailedAttachVolume" else "volume_mount"
    return reason(code, volume=name, message=words)


def sandbox(event_reason: str, message: str) -> Why | None:
    """A sandbox that cannot be made, most often for want of a network."""
    if event_reason not in _SANDBOX_REASONS:
        return None
    words = re.sub(r"^(?:Failed to create pod sandbox: |rpc error: code = \w+ desc = )+", "", message)
    if event_reason == _NETWORK:
        return reason("network_not_ready", message=words.removeprefix("network is not ready: "))
    return reason("sandbox", message=words)
