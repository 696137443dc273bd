"""One numbered change of one object: what the store remembers and watches are told."""

from dataclasses import dataclass

from democluster.kinds import Object

Key = tuple[str, str]  # namespace ("" where there is none) and name


@dataclass(frozen=True, slots=True)
class Change:
    """One numbered change; `before` is None for a creation, `after` None for a deletion.

    `last` is what watchers are shown: the object, or its final state under the deletion's revision.
    """

    revision: int
    key: Key
    before: Object | None
    after: Object | None
    last: Object
