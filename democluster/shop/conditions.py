"""The conditions of a Deployment's status, with the times at which they last changed."""

from democluster.kinds import Object
from democluster.shop.world import World


class Conditions:
    """Conditions by type, as the Deployment controller keeps them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._found: dict[str, Object] = {}

    def say(self, kind: str, status: str, reason: str, message: str, since: str = "") -> None:
        """Changes one, now or `since`; one that says the same already keeps its times."""
        known = self._found.get(kind, {})
        if (known.get("status"), known.get("reason")) == (status, reason):
            return
        now = since or self._world.stamp()
        self._found[kind] = {
            "type": kind,
            "status": status,
            "lastUpdateTime": now,
            "lastTransitionTime": known["lastTransitionTime"] if known.get("status") == status else now,
            "reason": reason,
            "message": message,
        }

    def listed(self) -> list[Object]:
        """All of them."""
        return list(self._found.values())
