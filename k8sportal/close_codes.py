"""Let Daphne close a WebSocket with every code that a server may send.

autobahn's `sendClose`, which Daphne calls, accepts 1000 and 3000 to 4999 only and raises for the
rest, 1012 (service restart) and 1013 (try again later) included. Daphne itself goes round it for
1011, through `sendCloseFrame`; we do the same for all of RFC 6455's and IANA's. It is a change to
the class, and not a subclass, so that it holds under `daphne` and `runserver` too.
"""

from daphne.ws_protocol import WebSocketProtocol


def server_close(self: WebSocketProtocol, code: int | None = None) -> None:
    """Send the close frame, once, and let autobahn wait for the answer and drop the connection."""
    if self.state == self.STATE_OPEN:
        self.sendCloseFrame(code=1000 if code is None else code)


def allow_all() -> None:
    """Change Daphne's protocol; safe to call again."""
    WebSocketProtocol.serverClose = server_close
