"""A small application served the portal's way, as a process: `small_app.py SERVER HOST PORT`.

It writes what happens to it to standard output, a word a line: `open`, `gone CODE`, `drained`, `stopped`.
A WebSocket at `/stubborn` ignores the drain.
"""

import asyncio
import os
import sys
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "k8sportal.settings"
django.setup()

from k8sportal.listening import listen  # noqa: E402
from k8sportal.serve import serve  # noqa: E402


def say(*words: object) -> None:
    print(*words, flush=True)


class SmallRuntime:
    """Knows its sockets, and sends them away when it drains."""

    def __init__(self) -> None:
        self.viewers: set[Any] = set()
        self.server_sockets: Any = None

    async def drain(self) -> None:
        for send in list(self.viewers):
            await send({"type": "websocket.close", "code": 1012})
        say("drained")

    async def stop(self) -> None:
        say("stopped")


runtime = SmallRuntime()


async def websocket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] != "/stubborn":
        runtime.viewers.add(send)
    say("open")
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": message["text"]})
        say("gone", message["code"])
    except asyncio.CancelledError:
        say("cancelled")
        raise
    finally:
        runtime.viewers.discard(send)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await websocket(scope, receive, send)
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


if __name__ == "__main__":
    with listen(sys.argv[2], int(sys.argv[3])) as listening:
        say("listening", listening.getsockname()[1])
        serve(application, runtime, listening, sys.argv[1], on_abort=lambda: say("aborted"))
    say("ended")
