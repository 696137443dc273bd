"""The filter of a view: which pods of a namespace a viewer asked for.

Filters are applied in the portal: viewers with different filters share one upstream watch, and
viewers with equal filters share the encoded deltas (by `key()`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pods.domain.rollout import Rollout
from pods.domain.row import Row
from pods.domain.selectors import LabelSelector, parse_selector


@dataclass(frozen=True)
class ViewFilter:
    """The pods that `deployment` owns (through its ReplicaSets) and whose labels `selector` matches.

    None means: any. `ViewFilter()` lets everything through.
    """

    deployment: str | None = None
    selector: LabelSelector | None = None

    @classmethod
    def parse(cls, deployment: str = "", selector: str = "") -> ViewFilter:
        """The filter for these query parameters, "" for those that are not given; raises SelectorError."""
        parsed = parse_selector(selector)
        return cls(deployment or None, parsed if parsed.requirements else None)

    def matches(self, row: Row, labels: Mapping[str, str]) -> bool:
        """Whether the pod is in the view. `labels` are all its labels: those of a Row may be cut."""
        if self.deployment is not None:
            owner = row.owner
            if owner is None or owner.kind != "Deployment" or owner.name != self.deployment:
                return False
        return self.selector is None or self.selector.matches(labels)

    def matches_rollout(self, rollout: Rollout, labels: Mapping[str, str]) -> bool:
        """Whether the rollout is in the view. `labels` are those that its pods are made with."""
        if self.deployment is not None and (rollout.kind, rollout.name) != ("Deployment", self.deployment):
            return False
        return self.selector is None or self.selector.matches(labels)

    def key(self) -> str:
        """The same text for equal filters, different texts for others; "" for the one that admits all.

        A canonical selector has no `;` in it.
        """
        if self.deployment is None and self.selector is None:
            return ""
        return f"{self.selector or ''};{self.deployment or ''}"
