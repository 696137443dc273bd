"""One JSON request at a time to the API server or etcd, without the client that the portal uses."""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUEST_DEADLINE_SECONDS = 10.0


class ApiError(OSError):
    """An answer of 400 or more: its status, and the server's message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@dataclass(frozen=True)
class ApiAnswer:
    """A status below 400 and the body."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class JsonClient:
    """Requests to one server, with a bearer token and a certificate authority where given."""

    def __init__(self, url: str, token: str = "", authority: Path | None = None) -> None:
        self._url = url
        self._token = token
        self._context = ssl.create_default_context(cafile=str(authority)) if authority else None

    def request(self, method: str, path: str, body: Any = None) -> ApiAnswer:
        """Sends `body` as JSON. Raises ApiError, or another OSError where the server cannot be reached."""
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=self._headers(method),
        )
        try:
            with urllib.request.urlopen(
                request, timeout=REQUEST_DEADLINE_SECONDS, context=self._context
            ) as answer:
                return ApiAnswer(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(error.code, error.read().decode(errors="replace")) from None

    def _headers(self, method: str) -> dict[str, str]:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Content-Type": kind}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers
