"""Typed readers of environment variables that never raise.

A wrong value must reach the person who starts the portal as one named sentence with a hint, and
all wrong values at once, not as a traceback about the first. So a reader that meets one notes a
`SettingError` and goes on with the default; `k8sportal.startup` refuses to start while any is
noted, and the same errors are Django system checks (`pods.checks`).

django-environ parses what is worth a library (numbers, database URLs). It is not asked for
booleans, where it takes every unknown word for false, nor for text, where it follows a leading
`$` into another variable: a password may begin with one.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

REDIS_SCHEMES = ("redis", "rediss", "unix")

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


@dataclass(frozen=True)
class SettingError:
    """One wrong setting: a stable id (`portal.E…`), what is wrong, and what to do about it."""

    id: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.id}: {self.message}\n    {self.hint}"


@dataclass(frozen=True)
class PublicUrl:
    """Where people find the portal: scheme, `host[:port]`, and a path prefix without a final slash."""

    scheme: str
    host: str
    port: int | None
    prefix: str

    @property
    def origin(self) -> str:
        """The origin as browsers send it: the scheme's own port is left out."""
        default = {"http": 80, "https": 443}[self.scheme]
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{shown}" + ("" if self.port in (None, default) else f":{self.port}")


class Environment:
    """Reads variables of one mapping; notes what is wrong in `errors`. Empty counts as unset.

    `known` collects the names that were asked for.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.errors: list[SettingError] = []
        self.known: set[str] = set()

    def wrong(self, error_id: str, message: str, hint: str) -> None:
        """Note that a setting is wrong."""
        self.errors.append(SettingError(f"portal.{error_id}", message, hint))

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding white space. Every reader comes through here."""
        self.known.add(name)
        return self.variables.get(name, "").strip() or default

    def secret(self, name: str, error_id: str) -> str:
        """The value of `name`, or the content of the file that `name`_FILE names ("" if neither)."""
        value, path = self.text(name), self.text(f"{name}_FILE")
        if value and path:
            self.wrong(error_id, f"{name} and {name}_FILE are both set.", "Keep one of them.")
        if not path or value:
            return value
        try:
            content = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.wrong(error_id, f"{name}_FILE cannot be read: {path}: {reason}.", "Name a readable file.")
            return ""
        if not content:
            self.wrong(error_id, f"{name}_FILE names an empty file: {path}.", "Write the secret into it.")
        return content

    def boolean(self, name: str, error_id: str) -> bool | None:
        """True, false, or None where unset."""
        word = self.text(name).lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        if word:
            self.wrong(error_id, f"{name} is neither yes nor no: {word!r}.", "Use 1 or 0.")
        return None

    def number(self, name: str, default: int, error_id: str, low: int = 1, high: int = 10**9) -> int:
        """A whole number from `low` to `high`."""
        word = self.text(name)
        if not word:
            return default
        try:
            value = environ.Env.parse_value(word, int)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            hint = f"Use a whole number from {low} to {high}."
            self.wrong(error_id, f"{name} is not such a number: {word!r}.", hint)
            return default
        return int(value)

    def seconds(self, name: str, default: float, error_id: str, high: float = 3600.0) -> float:
        """A duration from 0 to `high` seconds; fractions are allowed."""
        word = self.text(name)
        if not word:
            return default
        try:
            value = float(word)
        except ValueError:
            value = -1.0
        if not 0 <= value <= high:
            hint = f"Use seconds from 0 to {high:g}."
            self.wrong(error_id, f"{name} is not a duration: {word!r}.", hint)
            return default
        return value

    def choice(self, name: str, choices: tuple[str, ...], error_id: str) -> str:
        """One of `choices`; the first is the default."""
        word = self.text(name, choices[0])
        if word in choices:
            return word
        self.wrong(error_id, f"{name} is unknown: {word!r}.", f"Use one of: {', '.join(choices)}.")
        return choices[0]

    def words(self, name: str) -> list[str]:
        """A comma-separated list."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def networks(self, name: str, error_id: str, default: tuple[str, ...] = ()) -> tuple[IPNetwork, ...]:
        """Comma-separated CIDRs or addresses."""
        found = []
        for word in self.words(name) or default:
            try:
                found.append(ipaddress.ip_network(word))
            except ValueError as error:
                hint = "Use comma-separated CIDRs, such as 10.0.0.0/8,fd00::/8."
                self.wrong(error_id, f"{name} holds no network: {error}.", hint)
        return tuple(found)

    def origins(self, name: str, error_id: str) -> list[str]:
        """Comma-separated origins: scheme, host, and port where it is not the scheme's own."""
        found = []
        for word in self.words(name):
            if urlsplit(word).scheme in ("http", "https") and urlsplit(word).netloc:
                found.append(word)
            else:
                self.wrong(
                    error_id,
                    f"{name} holds no origin: {word!r}.",
                    "Use origins such as https://portal.example.",
                )
        return found

    def redis_url(self, name: str, secret_error: str, error_id: str) -> str:
        """The address of a Redis or Valkey server ("" if unset), never shown: it may hold a password."""
        word = self.secret(name, secret_error)
        if not word:
            return ""
        word = re.sub("^valkey(s?)://", lambda found: f"redi{'s' if found[1] else ''}s://", word)
        try:
            parts = urlsplit(word)
            usable = bool(parts.path.strip("/") if parts.scheme == "unix" else parts.hostname)
            usable = usable and (parts.port is None or parts.port > 0)
        except ValueError:
            parts, usable = urlsplit(""), False
        if parts.scheme in REDIS_SCHEMES and usable:
            return word
        hint = (
            "Use redis://[user:password@]host[:port][/number], rediss:// for TLS, or unix:///path/to/socket."
        )
        self.wrong(error_id, f"{name} is not the address of a Redis server.", hint)
        return ""

    def public_url(self, name: str, error_id: str) -> PublicUrl | None:
        """`https://host[:port][/prefix]`, or None where unset."""
        word = self.text(name)
        if not word:
            return None
        hint = "Use scheme, host, port and path prefix as people see them: https://portal.example/k8s."
        try:
            parts = urlsplit(word)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        odd = parts.username or parts.password or parts.query or parts.fragment
        if parts.scheme not in ("http", "https") or not parts.hostname or odd:
            self.wrong(error_id, f"{name} is not an address of the portal: {word!r}.", hint)
            return None
        return PublicUrl(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))

    def database(self, url: str, error_id: str) -> dict[str, Any] | None:
        """Django's options for a `postgres://…` or `sqlite:///…` URL, or None where it is empty.

        The URL may hold a password, so no message repeats it.
        """
        if not url:
            return None
        hint = "Use postgres://user:password@host:5432/name or sqlite:////path/to/file."
        if url.split(":", 1)[0] not in ("postgres", "postgresql", "sqlite"):
            self.wrong(error_id, "DATABASE_URL is for neither PostgreSQL nor SQLite.", hint)
            return None
        try:
            return dict(environ.Env.db_url_config(url))
        except (ValueError, KeyError):
            self.wrong(error_id, "DATABASE_URL cannot be understood.", hint)
            return None
