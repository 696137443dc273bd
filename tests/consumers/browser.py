"""What a browser does over HTTP besides its socket: signing in by the form, signing out, a request."""

import gzip
import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any

from tests.portal import PortalProcess

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """A status with headers and the body, unpacked."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Browser:
    """A cookie jar and a portal. Nobody is signed in at first."""

    def __init__(self, portal: PortalProcess) -> None:
        self.portal = portal
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._jar)
        )

    @property
    def cookie(self) -> str:
        """The Cookie header that this browser would send."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    @property
    def session_key(self) -> str:
        """The session's key, as the database has it."""
        return next(cookie.value or "" for cookie in self._jar if cookie.name == "k8sportal_session")

    def sign_in(self, username: str, password: str) -> "Browser":
        """By the form, as a person does it."""
        self._post("/login/", username=username, password=password, next="/livez")
        assert self.session_key
        return self

    def sign_out(self) -> None:
        """By the button."""
        self._post("/logout/", page="/login/")

    def get(self, path: str, timeout: float = 20.0, **headers: str) -> Answer:
        """A GET, whatever its status; underscores in the headers' names are hyphens."""
        request = urllib.request.Request(
            self.portal.url(path), headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        return self._answered(request, timeout)

    def post(self, path: str, forged: bool = False, **fields: str) -> Answer:
        """A form sent by a page's script, whatever its status; `forged`: without the page's token."""
        cookies = {cookie.name: cookie.value or "" for cookie in self._jar}
        headers = {} if forged else {"X-CSRFToken": cookies["k8sportal_csrf"]}
        data = urllib.parse.urlencode(fields).encode()
        return self._answered(urllib.request.Request(self.portal.url(path), data, headers), 20.0)

    def send(
        self, method: str, path: str, body: Any = None, forged: bool = False, kind: str = JSON
    ) -> Answer:
        """A request of a page's script with `body` as JSON, or its bytes, whatever its status; see `post`."""
        cookies = {cookie.name: cookie.value or "" for cookie in self._jar}
        headers = {"Content-Type": kind}
        if not forged and "k8sportal_csrf" in cookies:
            headers["X-CSRFToken"] = cookies["k8sportal_csrf"]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.portal.url(path), data, headers, method=method)
        return self._answered(request, 20.0)

    def _answered(self, request: urllib.request.Request, timeout: float) -> Answer:
        try:
            with self._opener.open(request, timeout=timeout) as response:
                return _answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers, error.read())

    def _post(self, path: str, page: str = "", **fields: str) -> None:
        form = self.get(page or path).body.decode()
        found = _CSRF.search(form)
        assert found is not None
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": found[1], **fields}).encode()
        with self._opener.open(self.portal.url(path), data, timeout=20) as response:
            assert response.status == 200


def _answer(status: int, headers: Message, body: bytes) -> Answer:
    packed = headers.get("Content-Encoding") == "gzip"
    return Answer(status, headers, gzip.decompress(body) if packed else body)
