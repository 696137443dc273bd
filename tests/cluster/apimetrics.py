"""Reads the API server's own count of watches from its `/metrics`."""

import re

_LONGRUNNING = re.compile(r"^apiserver_longrunning_requests\{([^}]*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def open_watches(metrics: str, resource: str, scope: str | None) -> int:
    """How many watches of `resource` are open; `scope` is `namespace`, `cluster`, or None for both."""
    total = 0.0
    for labels, value in _LONGRUNNING.findall(metrics):
        found = dict(_LABEL.findall(labels))
        if found["verb"] == "WATCH" and found["resource"] == resource and scope in (None, found["scope"]):
            total += float(value)
    return int(total)
