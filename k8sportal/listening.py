"""The listening socket: made by ourselves, because of what must be set on it before it listens."""

import resource
import socket

# A peer that is gone, or whose window stays shut, is given up after this long, however often we
# write; without it the kernel tries for a quarter of an hour. Connections inherit it.
USER_TIMEOUT_MS = 14_000
_BACKLOG = 1024
# Each connection is a file; many systems allow 1,024 unless asked.
_FILES = 65_536


class CannotListenError(Exception):
    """The address is taken or not ours; the text says which, and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A TCP socket that listens on `host` (a name, IPv4 or IPv6; `::` takes IPv4 as well) and `port`.

    Raises `CannotListenError`.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise CannotListenError(f"HOST is no address of this machine: {host!r}.") from error
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotListenError(f"Cannot listen on {shown(host, port)}: {error.strerror}. {_HINT}") from error
    listening.setblocking(False)
    return listening


def allow_many_connections() -> None:
    """Raises this process's own limit of open files as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


_HINT = "Set HOST and PORT to a free address of this machine."


def shown(host: str, port: int) -> str:
    """`host:port` as it stands in an address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
