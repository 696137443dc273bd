"""Copies the host's kubeconfig for the portals: run as root by the service `kubeconfig`, at each start.

    python hosts_kubeconfig.py HOST_FILE FOLDER

A kubeconfig is for its owner's eyes only (mode 0600), and so is the copy, whose owner is the portals' user.
Servers on the host's loopback, as kind and k3d write them, are at another address for a container: that of
the service `loopback`. Certificates are still checked for the name that they are made for. `loopback.json`
lists where `loopback.py` is to lead: the portals reach those ports, and no others.
"""

import ipaddress
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import yaml

OWNER = 10001
RELAY = "loopback"
_PORTS = {"http": 80, "https": 443}
_FILES = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
}


def main(source: Path, folder: Path) -> int:
    """Write `config` and `loopback.json` into `folder`; the code to exit with."""
    try:
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        print(
            f"The kubeconfig cannot be read: {type(error).__name__}. Name one in KUBECONFIG.", file=sys.stderr
        )
        return 1
    if not isinstance(content, dict):
        print("The file is not a kubeconfig. Name one in KUBECONFIG.", file=sys.stderr)
        return 1
    for name in (found := files_named(content)):
        print(f"Not copied: {name}. Use `kubectl config view --raw --flatten`.", file=sys.stderr)
    os.chown(folder, OWNER, OWNER)
    folder.chmod(0o700)
    _write(folder / "loopback.json", json.dumps(lead_through_relay(content)))
    _write(folder / "config", yaml.safe_dump(content, sort_keys=False))
    return 1 if found else 0


def lead_through_relay(content: dict[str, Any]) -> dict[str, str]:
    """Change servers on loopback addresses to the relay's; port by port, where that leads on the host."""
    ways: dict[str, str] = {}
    for entry in content.get("clusters") or ():
        cluster = entry.get("cluster") or {}
        parts = urlsplit(str(cluster.get("server") or ""))
        if not is_loopback(parts.hostname or ""):
            continue
        port = parts.port or _PORTS.get(parts.scheme, 443)
        ways[str(port)] = str(parts.hostname)
        cluster["server"] = SplitResult(parts.scheme, f"{RELAY}:{port}", parts.path, "", "").geturl()
        cluster.setdefault("tls-server-name", parts.hostname)
    return ways


def is_loopback(host: str) -> bool:
    """Whether a container would find itself under this name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def files_named(content: dict[str, Any]) -> list[str]:
    """The files of the host that clusters and users name, which no container has."""
    return [
        f"{part} {entry.get('name')}: {key}"
        for part, keys in _FILES.items()
        for entry in content.get(f"{part}s") or ()
        for key in keys
        if key in (entry.get(part) or {})
    ]


def _write(path: Path, text: str) -> None:
    """Whole or not at all: a portal may be reading the last one."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchown(descriptor, OWNER, OWNER)
    partial.rename(path)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
