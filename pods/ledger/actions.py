"""What operators can do from the ledger. Each is logged with who did it."""

from typing import TYPE_CHECKING

import structlog

from pods.access import Person
from pods.domain.protocol import CloseCode
from pods.domain.scope import Scope
from pods.serving import Refused

if TYPE_CHECKING:
    from pods.runtime import Runtime

log = structlog.get_logger(__name__)


def end_viewer(runtime: "Runtime", connection: str, by: Person) -> bool:
    """Sends one viewer away, who may come back; False where no viewer has this connection id."""
    life = next((life for life in runtime.sockets if life.connection == connection), None)
    if life is None or life.viewing is None:
        return False
    log.warning(
        "viewer_ended_by_operator", connection=connection, user=life.person.username or None, by=by.username
    )
    life.send_away(Refused("ended_by_operator", CloseCode.GOING_AWAY))
    return True


def restart_watch(runtime: "Runtime", cluster: str, namespace: str, by: Person) -> bool:
    """Lists and watches a scope anew, under its viewers; False where it is not watched."""
    if not runtime.hub.restart(Scope(cluster, "pods", namespace)):
        return False
    log.warning("watch_restarted_by_operator", cluster=cluster, namespace=namespace, by=by.username)
    return True
