"""Merging: what another process tells of pods, into what is known here, so that no pod goes back.

Two processes that watch see the same changes, not at the same moment. Who goes over from watching to
following may know more than the one it follows: then what it knows stays, until the other has come to it.
A pod is its uid: one that was seen to go never comes again.
"""

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from pods.kube.resource import PodRecord
from pods.live.store import Changes


class Merged(NamedTuple):
    """The records to hold; `ahead` are the pods of which more is known here than in the other process."""

    records: list[PodRecord]
    ahead: Changes


def merge(
    held: Mapping[str, PodRecord], gone: Container[str], told: Iterable[PodRecord], version: int
) -> Merged:
    """Joins what is `held`, and known to be `gone`, with a picture complete up to `version`."""
    records: list[PodRecord] = []
    seen: set[str] = set()
    ahead: Changes = {}
    for record in told:
        seen.add(record.uid)
        known = held.get(record.uid)
        if known is None and record.uid in gone:
            ahead[record.uid] = record.row.namespace
        elif known is not None and is_newer(known, record):
            ahead[record.uid] = record.row.namespace
            records.append(known)
        else:
            records.append(record)
    for uid, known in held.items():
        if uid not in seen and version and known.version > version:
            ahead[uid] = known.row.namespace
            records.append(known)
    return Merged(records, ahead)


def is_newer(known: PodRecord, told: PodRecord) -> bool:
    """Whether what is known of a pod is newer than what is told; versions that are none do not compare."""
    return 0 < told.version < known.version
