"""Which view is looked at: the one that was named, else one that the portal offers."""

import json
from urllib.parse import urlencode

from pods.leakcheck.target import Address, CannotCheckError, get


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
