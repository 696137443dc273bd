"""The fleet that the settings ask for: a channel layer over Redis, and the link to it."""

from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings

from pods.clock import SystemClock
from pods.live.broker import Layer
from pods.live.fleet import Fleet
from pods.live.link import Link, connection_options


def configured_fleet() -> Fleet | None:
    """None without REDIS_URL: then there is one process."""
    if not settings.REDIS_URL:
        return None
    clock = SystemClock()
    return Fleet(Link(settings.REDIS_URL, clock), _layer, settings.PORTAL_INSTANCE, clock)


def _layer(prefix: str) -> Layer:
    layer: Layer = RedisPubSubChannelLayer(
        hosts=[{"address": settings.REDIS_URL, **connection_options()}],
        prefix=prefix,
        symmetric_encryption_keys=[settings.PORTAL_LAYER_KEY] if settings.PORTAL_LAYER_KEY else None,
    )
    return layer
