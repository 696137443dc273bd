"""Why a pod is not well: a code with parameters, and its sentence in English."""

from __future__ import annotations

from pods.domain.podobject import PodObject
from pods.domain.row import Health, Why
from pods.domain.sentences import N_, render

SENTENCES: dict[str, str] = {
    "unknown": N_("The pod's status is {status}."),
}


def why(pod: PodObject, health: Health, ready: str, status: str) -> Why | None:
    """Why `pod` is failing or waiting; None for one that is well."""
    if health in ("running", "done"):
        return None
    params = {"status": status}
    return Why("unknown", dict(params), render(SENTENCES["unknown"], params))
