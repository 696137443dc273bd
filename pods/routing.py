"""The WebSockets' addresses."""

from typing import Any, cast

from channels.routing import URLRouter
from django.urls import path, re_path

from pods.consumers import LogConsumer, PodConsumer


async def unknown(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Any other path: refused before the handshake. Without it Channels answers 500 and a traceback."""
    await send({"type": "websocket.close"})


websocket_routes = URLRouter(
    [
        path("ws/pods/", PodConsumer.as_asgi()),
        path("ws/logs/", LogConsumer.as_asgi()),
        re_path("", cast(Any, unknown)),
    ]
)
