"""What Django Channels' layers hold in this process.

A layer keeps what was not taken back from it: a buffer for each channel that somebody waits on, a member for
each channel in a group, and with Redis a subscription for each of both. That is where layers leak.
"""

from typing import TYPE_CHECKING, Any

from channels.layers import channel_layers

if TYPE_CHECKING:
    from pods.runtime import Runtime

KINDS = ("buffer", "message", "member", "subscription")


def layer_entries(runtime: "Runtime") -> dict[str, int]:
    """Entries by kind, of every layer that Channels has made and of the one between replicas.

    Must be called in the runtime's event loop: layers over Redis are one each loop.
    """
    layers = list(channel_layers.backends.values())
    if runtime.fleet is not None and runtime.fleet.is_open:
        layers.append(runtime.fleet.broker.layer)
    found = [_entries(layer) for layer in layers]
    return {kind: sum(one[kind] for one in found) for kind in KINDS}


def _entries(layer: Any) -> dict[str, int]:
    """The in-memory layer has no subscriptions: it calls the same things by the same names but for those."""
    return {
        "buffer": len(layer.channels),
        "message": sum(buffer.qsize() for buffer in layer.channels.values()),
        "member": sum(map(len, layer.groups.values())),
        "subscription": sum(len(shard._subscribed_to) for shard in getattr(layer, "_shards", ())),
    }
