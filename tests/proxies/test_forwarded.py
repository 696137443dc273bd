"""What a proxy says of the viewer counts where the proxy is trusted, and nowhere else.

127.0.0.1 is trusted here: nginx comes from there. Viewers come from other addresses of loopback.
"""

import contextlib
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.nginx import portal_site
from tests.portal import ADMIN_PASSWORD
from tests.proxies.conftest import MAX_SOCKETS, Site
from tests.proxies.person import Person

PODS = "/ws/pods/?cluster=demo&namespace=shop"
LIES = {
    "X_Forwarded_For": "203.0.113.9",
    "X_Real_IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9",
    "X_Request_ID": "a-forged-request-id",
}
LOCKED_AFTER = 10


def signed_in(port: int, address: str = "127.0.0.1") -> Person:
    """The administrator, at this port."""
    person = Person(port, address)
    assert person.sign_in("admin", ADMIN_PASSWORD).status == 302
    return person


async def told(socket: ClientConnection) -> Any:
    """The next frame."""
    return json.loads(await socket.recv())


@pytest.mark.parametrize("way", ["through the proxy", "past the proxy"])
async def test_the_ledger_says_where_a_viewer_is_whatever_they_claim(plain: Site, way: str) -> None:
    through = way == "through the proxy"
    port, address = (plain.nginx.port, "127.0.0.2") if through else (plain.portal.port, "127.0.0.8")
    admin = signed_in(plain.portal.port)
    async with Person(port, address).socket(PODS, **LIES) as socket:
        assert (await told(socket))["type"] == "feed"
        assert admin.addresses_in_the_ledger().count(address) == 1


async def test_sockets_are_counted_by_the_viewers_own_address(plain: Site) -> None:
    async with contextlib.AsyncExitStack() as opened:
        for number in range(MAX_SOCKETS):
            one = Person(plain.nginx.port, "127.0.0.3").socket(PODS, X_Forwarded_For=f"203.0.113.{number}")
            assert (await told(await opened.enter_async_context(one)))["type"] == "feed"
        for port in (plain.nginx.port, plain.portal.port):
            async with Person(port, "127.0.0.3").socket(PODS, **LIES) as socket:
                assert (await told(socket))["code"] == "too_many_sockets"
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4429
        async with Person(plain.nginx.port, "127.0.0.4").socket(PODS) as socket:
            assert (await told(socket))["type"] == "feed"


def test_wrong_passwords_lock_the_address_that_they_come_from(plain: Site) -> None:
    """By whichever way, and whatever they claim; ten take long enough to be tried but once."""
    attacker = [Person(port, "127.0.0.5") for port in (plain.nginx.port, plain.portal.port)]
    statuses = [
        attacker[number % 2].sign_in("admin", "wrong", X_Forwarded_For=f"203.0.113.{number}").status
        for number in range(LOCKED_AFTER)
    ]
    assert statuses == [200] * (LOCKED_AFTER - 1) + [429]
    for way in attacker:
        assert way.sign_in("admin", ADMIN_PASSWORD, X_Forwarded_For="203.0.113.99").status == 429
    assert signed_in(plain.nginx.port, "127.0.0.7"), "others are not locked out"


async def test_host_with_its_port_is_the_origin_and_without_it_is_a_foreign_one(plain: Site) -> None:
    person = Person(plain.nginx.port)
    async with person.socket(PODS) as socket:
        assert (await told(socket))["type"] == "feed"
    whole = portal_site(plain.nginx.port, [plain.portal.port])
    plain.nginx.reload(whole.replace("$http_host", "$host"))
    try:
        with pytest.raises(InvalidStatus, match="HTTP 403"):
            async with person.socket(PODS):
                pass
        said = person.get(f"{PODS}&origin={person.origin}").json()
        assert said["code"] == "foreign_origin"
        assert said["params"] == {"origin": person.origin, "own": "http://127.0.0.1"}
        assert person.sign_in("admin", ADMIN_PASSWORD).status == 403, "forms are refused for the same reason"
    finally:
        plain.nginx.reload(whole)


async def test_without_upgrade_the_socket_is_told_what_arrived(plain: Site) -> None:
    person = Person(plain.nginx.port, "127.0.0.2")
    whole = portal_site(plain.nginx.port, [plain.portal.port])
    stripped = whole.replace("proxy_set_header Upgrade $http_upgrade;", "")
    plain.nginx.reload(stripped.replace("Connection $k8sportal_connection", "Connection ''"))
    try:
        with pytest.raises(InvalidStatus, match="HTTP 200") as refused:
            async with person.socket(PODS):
                pass
        said = json.loads(refused.value.response.body or b"")
    finally:
        plain.nginx.reload(whole)
    arrived = {"scheme": "http", "host": f"127.0.0.1:{plain.nginx.port}", "from": "127.0.0.2"}
    assert said["code"] == "no_upgrade"
    assert said["arrived"] == {**arrived, "upgrade": False, "handshake": True}
    asked = person.get(f"{PODS}&origin={person.origin}").json()
    assert asked == {**said, "arrived": {**arrived, "upgrade": False, "handshake": False}}
