"""Somebody at an address of loopback's who uses a portal through a proxy, with the cookies that they got."""

import http.client
import json
import re
import ssl
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect

ANSWER_SECONDS = 30.0

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """A status with its headers and body; redirects are not followed."""

    status: int
    headers: http.client.HTTPMessage
    body: str

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Person:
    """`address` is their own; `prefix` and `trust` (an authority of TLS) are those of the site at `port`."""

    def __init__(
        self, port: int, address: str = "127.0.0.1", prefix: str = "", trust: ssl.SSLContext | None = None
    ) -> None:
        self.port = port
        self.prefix = prefix
        self.cookies: dict[str, Morsel[str]] = {}
        self._address = address
        self._trust = trust

    @property
    def origin(self) -> str:
        """What their browser calls the site."""
        return f"http{'s' if self._trust else ''}://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> Answer:
        """A GET; `path` begins behind the prefix. Underscores in the headers' names are hyphens."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, form: str = "", **fields: str) -> Answer:
        """Sends the form that stands at `form`, or at `path` itself, as a browser would."""
        found = _CSRF.search(self.get(form or path).body)
        assert found is not None
        body = urlencode({"csrfmiddlewaretoken": found[1], **fields})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}
        return self._ask("POST", path, body, headers)

    def sign_in(self, name: str, password: str, **headers: str) -> Answer:
        """By the form; `headers` go along with the password."""
        found = _CSRF.search(self.get("/login/").body)
        assert found is not None
        body = urlencode({"csrfmiddlewaretoken": found[1], "username": name, "password": password})
        form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}
        return self._ask("POST", "/login/", body, {**form, **headers})

    def addresses_in_the_ledger(self) -> list[str]:
        """Where the viewers of now are, for those who may see it."""
        return [row["address"] for row in self.get("/api/v1/ledger").json()["sockets"]["rows"]]

    def socket(
        self, path: str, origin: str | None = None, **headers: str
    ) -> AbstractAsyncContextManager[ClientConnection]:
        """A WebSocket from a page of `origin`, which is the site's own unless it is given."""
        own = {"Cookie": "; ".join(f"{name}={each.value}" for name, each in self.cookies.items())}
        return connect(
            f"{self.origin.replace('http', 'ws', 1)}{self.prefix}{path}",
            origin=origin or self.origin,  # type: ignore[arg-type]  # a NewType of str
            additional_headers={**own, **{name.replace("_", "-"): value for name, value in headers.items()}},
            ssl=self._trust,
            local_addr=(self._address, 0),
            proxy=None,
            open_timeout=ANSWER_SECONDS,
            close_timeout=2,
        )

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        cookies = "; ".join(f"{name}={each.value}" for name, each in self.cookies.items())
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = self._connection()
        try:
            connection.request(method, f"{self.prefix}{path}", body, {"Cookie": cookies, **sent})
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie", []):
                self.cookies |= SimpleCookie(line)
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        source = (self._address, 0)
        if self._trust is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, ANSWER_SECONDS, source)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=ANSWER_SECONDS, source_address=source, context=self._trust
        )
