"""A portal's log, replayed: what was opened and what was ended."""

import json
import re
from collections import Counter

_LINE = re.compile(r"\{.*\"event\": \"(socket|watch)_(opened|closed|ended)\"")


def openings(log: str) -> Counter[str]:
    """How many openings of each kind (`socket`, `watch`) there are."""
    found = (_LINE.match(line) for line in log.splitlines())
    return Counter(match[1] for match in found if match and match[2] == "opened")


def unpaired(log: str) -> Counter[str]:
    """Connections and watches with one line in the log and not the other: 1 for an end that is missing."""
    lines: Counter[str] = Counter()
    for line in log.splitlines():
        if match := _LINE.match(line):
            entry = json.loads(line)
            name = f"{match[1]} {entry['connection' if match[1] == 'socket' else 'watch']}"
            lines[name] += 1 if match[2] == "opened" else -1
    return Counter({name: count for name, count in lines.items() if count})
