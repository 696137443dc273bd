"""Why no node takes a pod: the scheduler's one sentence, taken apart.

    0/5 nodes are available: 3 Insufficient cpu, 2 node(s) had untolerated taint {dedicated: gpu}. preem…

Before the first full stop stands what keeps the pod off how many nodes; what comes after it (whether
preemption would help) is left out. Without a number a part speaks of all nodes.
"""

from __future__ import annotations

import re

from pods.domain.oneline import MAX_MESSAGE_LENGTH, one_line
from pods.domain.row import Detail, Why
from pods.domain.whytexts import detail, next_step, reason

# So many kinds of trouble are named, the commonest first.
MOST_PARTS = 4

_SENTENCE = re.compile(r"\d+/(\d+) nodes are available: (.+?)(?:\.\s|\.?$)", re.DOTALL)
_PART = re.compile(r"(\d+) (.+)", re.DOTALL)
_TAINT = re.compile(r"had (?:untolerated )?taints? \{(.*?):? *\}")
_CLAIM = re.compile(r'persistentvolumeclaim "([^"]+)" (?:not found|is being deleted)')

_KINDS: tuple[tuple[str, str, str], ...] = (
    ("Insufficient ", "unfit_resource", "next_unfit_resource"),
    ("taint", "unfit_taints", "next_unfit_taint"),
    ("node affinity/selector", "unfit_selector", "next_unfit_selector"),
    ("node selector", "unfit_selector", "next_unfit_selector"),
    ("volume node affinity conflict", "unfit_volume", "next_unfit_volume"),
    ("available persistent volumes to bind", "unfit_volume", "next_unfit_volume"),
    ("max volume count", "unfit_volume_count", "next_unfit_volume"),
    ("topology spread constraints", "unfit_spread", "next_unfit_pods"),
    ("pod affinity", "unfit_pod_affinity", "next_unfit_pods"),
    ("anti-affinity", "unfit_pod_affinity", "next_unfit_pods"),
    ("free ports", "unfit_ports", "next_unfit_ports"),
    ("were unschedulable", "unfit_cordoned", "next_unfit_cordoned"),
    ("Too many pods", "unfit_full", "next_unfit_resource"),
    ("unbound immediate PersistentVolumeClaims", "unfit_claim_unbound", "next_unfit_claim"),
)


def unschedulable(message: str) -> Why:
    """The reason in the scheduler's `message`; in its own words where they cannot be taken apart."""
    found = _SENTENCE.match(message[: 20 * MAX_MESSAGE_LENGTH])
    if found is None:
        return reason("unschedulable", message=one_line(message) or "Unschedulable")
    nodes = int(found.group(1)[:9])
    parts = [_part(part, nodes) for part in re.split(r", (?=\d+ )", found.group(2))]
    parts.sort(key=lambda part: -part[0])
    details = [described for _, described, _ in parts[:MOST_PARTS]]
    return reason("unschedulable_nodes", *details, next=next_step(parts[0][2]), nodes=nodes)


def _part(text: str, nodes: int) -> tuple[int, Detail, str]:
    """On how many nodes, what, and what to try."""
    counted = _PART.fullmatch(text)
    count, words = (int(counted.group(1)[:9]), counted.group(2)) if counted else (nodes, text)
    claim = _CLAIM.search(words)
    if claim is not None:
        return count, detail("unfit_claim_missing", claim=one_line(claim.group(1))), "next_unfit_claim"
    taint = _TAINT.search(words)
    if taint is not None:
        key = one_line(taint.group(1).replace(": ", "="))
        return count, detail("unfit_taint", taint=key, count=count, nodes=nodes), "next_unfit_taint"
    for sign, code, step in _KINDS:
        if sign in words:
            return count, _described(code, words, count, nodes), step
    other = detail("unfit_other", message=one_line(words), count=count, nodes=nodes)
    return count, other, "next_unschedulable"


def _described(code: str, words: str, count: int, nodes: int) -> Detail:
    if code == "unfit_resource":
        return detail(code, resource=one_line(words.removeprefix("Insufficient ")), count=count, nodes=nodes)
    if code == "unfit_claim_unbound":
        return detail(code)
    return detail(code, count=count, nodes=nodes)
