"""Which view is looked at: the one that was named, else one that the portal offers; and a log in it."""

import asyncio
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from pods.leakcheck.target import Address, CannotCheckError, Target, get
from pods.leakcheck.wire import UnexpectedError, connected

# So many pods' containers are tried for a log with lines, each for so long.
PODS_TRIED = 5
LINES_SECONDS = 5.0


async def choose(portal: Address, cookie: str, cluster: str, namespace: str) -> str:
    """The view's query string. Raises CannotCheckError where nothing may be seen."""
    if not (cluster and namespace):
        cluster, namespace = await _offered(portal, cookie, cluster, namespace)
    return urlencode({"cluster": cluster, "namespace": namespace})


async def _offered(portal: Address, cookie: str, cluster: str, namespace: str) -> tuple[str, str]:
    address = portal.at("/api/v1/overview")
    status, body = await get(address, urlencode({"cluster": cluster}) if cluster else "", cookie)
    if status != 200:
        raise CannotCheckError(f"{address} answers {status}: give the address as people see it.")
    try:
        clusters = json.loads(body)["clusters"]
        for found in clusters:
            names = [space["name"] for space in found["namespaces"] if not space["gone"]]
            if namespace:
                return found["url_name"], namespace
            if names:
                return found["url_name"], names[0]
    except (ValueError, LookupError, TypeError) as error:
        raise CannotCheckError(f"{address} does not answer as a portal does.") from error
    who = "whoever the cookie belongs to" if cookie else "who is not signed in"
    raise CannotCheckError(
        f"At {portal} {who} may see no namespace. Name one with --cluster and --namespace, or give the "
        "Cookie header of somebody who is signed in: in LEAKCHECK_COOKIE, or in a file with --cookie-file."
    )


async def choose_log(target: Target) -> str:
    """The query string of a log in the view with lines in it; "" where none can be read.

    Raises CannotCheckError where the portal does not answer.
    """
    cluster = parse_qs(target.query)["cluster"][0]
    rows = await _asked(target, "/api/v1/pods", target.query)
    running = [row for row in rows.get("pods", ()) if row["health"] == "running"]
    for row in running[:PODS_TRIED]:
        names = "/".join(quote(name) for name in (cluster, row["namespace"], row["name"]))
        detail = await _asked(target, f"/api/v1/pods/{names}")
        if not detail.get("logs"):
            return ""
        for container in detail["pod"]["containers"]:
            pod = {"cluster": cluster, "namespace": row["namespace"], "pod": row["name"]}
            query = urlencode({**pod, "container": container["name"]})
            if await _has_lines(replace(target, log=query)):
                return query
    return ""


async def _asked(target: Target, path: str, query: str = "") -> dict[str, Any]:
    """An answer of the API; empty where it is none."""
    address = target.portal.at(path)
    status, body = await get(address, query, target.cookie)
    try:
        found: dict[str, Any] = json.loads(body) if status == 200 else {}
    except ValueError as error:
        raise CannotCheckError(f"{address} does not answer as a portal does.") from error
    return found


async def _has_lines(target: Target) -> bool:
    try:
        async with asyncio.timeout(LINES_SECONDS), connected(target) as connection:
            await connection.open_log()
            await connection.until("log")
    except (UnexpectedError, TimeoutError, OSError, EOFError):
        return False
    return True
