"""The HTTP API: the rows of a view once, and counts by namespace."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from asgiref.sync import sync_to_async
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.cache import get_conditional_response
from django.views import csrf
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from k8sportal import __version__
from pods.access import Person, person_of
from pods.asked import Asked, Refusal
from pods.clock import rfc3339
from pods.deflate import Part, deflated, gzipped, inflated
from pods.domain.protocol import ERROR_SENTENCES, FeedFrame, feed_frame
from pods.domain.row import ParamValue
from pods.domain.sentences import render
from pods.live.feed import Counts, Feed
from pods.live.hub import Held, UnknownCluster
from pods.live.snapshot import Snapshot
from pods.live.status import SEVERITY
from pods.runtime import Runtime, Synced
from pods.scoping import looking_at
from pods.viewparams import BadParams

API_PATH = "/api/"
FIRST_LIST_SECONDS = 5.0
OVERVIEW_SECONDS = 2.0
RETRY_SECONDS = 2
COMPRESS_FROM_BYTES = 1024

log = structlog.get_logger(__name__)


class ApiRefused(Exception):
    """A request that is answered with `{"error": …}`: a code of ERROR_SENTENCES and its parameters."""

    def __init__(self, status: int, code: str, params: dict[str, ParamValue] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.params = params or {}


@never_cache
@require_GET
async def pods_list(request: HttpRequest) -> HttpResponse:
    """`/api/v1/pods`: the rows of a view, with the token to go on from by WebSocket."""
    deadline = asyncio.get_running_loop().time() + FIRST_LIST_SECONDS
    try:
        return await _rows_answer(request, await _asked(request), deadline)
    except ApiRefused as refused:
        return answer_error(refused)
    except DatabaseFailure:
        log.exception("api_without_database")
        return answer_error(ApiRefused(503, "unavailable"))


@never_cache
@require_GET
async def overview(request: HttpRequest) -> HttpResponse:
    """`/api/v1/overview`: the clusters and namespaces that this person may see.

    With `cluster=` also that cluster's counts by health; without, no cluster is asked anything. One
    that is not in use yet is connected only if it is the one that opens first.
    """
    runtime = runtime_of(request)
    person = await person_behind(request)
    wanted = request.GET.get("cluster")
    clusters = [
        info for info in runtime.access.clusters(person) if wanted in (None, "", info.name, info.url_name)
    ]
    answer = []
    for info in clusters:
        counts: dict[str, Counts] = {}
        if wanted and (info.current or info.name in runtime.clusters.names()):
            await runtime.refresh_namespaces(info.name)
            counts = await runtime.overview(person, info.name, OVERVIEW_SECONDS) or {}
        answer.append(
            {
                "name": info.name,
                "url_name": info.url_name,
                "state": runtime.cluster_status(info.name),
                "namespaces": [
                    {"name": space.name, "gone": space.gone, "counts": counts.get(space.name)}
                    for space in runtime.access.namespaces(person, info.name)
                ],
            }
        )
    return answer_json(request, {"clusters": answer})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came from somewhere else: an `error` at the API's addresses, Django's page elsewhere."""
    if request.path_info.startswith(API_PATH):
        return answer_error(ApiRefused(403, "forged"))
    return csrf.csrf_failure(request, reason)


@dataclass(frozen=True)
class Wanted:
    """What this request may have of what it asked for. `poll`: it will come again, for want of a socket.

    A poll is served what there is, as a socket is: namespaces that are refused are named in the answer
    instead of being the answer, and a first list that has not come yet is a feed without a token.
    """

    person: Person
    asked: Asked
    refused: dict[str, Refusal]
    poll: bool

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Those that are not refused."""
        return tuple(name for name in self.asked.namespaces if name not in self.refused)


async def _rows_answer(request: HttpRequest, wanted: Wanted, deadline: float) -> HttpResponse:
    runtime, asked = runtime_of(request), wanted.asked
    places = await runtime.place(wanted.person, asked.cluster, wanted.namespaces)
    if not places:
        raise ApiRefused(403, "forbidden", {"namespace": "*", "cluster": asked.called})
    waiter = Synced()
    try:
        with looking_at(runtime.hub, places, asked.filter, waiter) as held:
            if wanted.poll:
                runtime.polls.keep(each.key for each in held.values())
            feeds = [each.subscription.feed for each in held.values()]
            if not await wait_for_lists(feeds, waiter, deadline) and not wanted.poll:
                raise ApiRefused(503, "not_ready")
            return await _with_rows(request, *_answer(runtime, held, wanted))
    except UnknownCluster as error:
        raise ApiRefused(503, "not_configured", {"cluster": asked.cluster}) from error


async def wait_for_lists(feeds: list[Feed], waiter: Synced, deadline: float) -> bool:
    """Waits for first lists until `deadline`; whether all of them have come."""
    loop = asyncio.get_running_loop()
    for feed in feeds:
        await waiter.wait_for(feed, max(deadline - loop.time(), 0))
    return all(feed.synced for feed in feeds)


def _answer(runtime: Runtime, held: dict[str, Held], wanted: Wanted) -> tuple[dict[str, Any], list[Snapshot]]:
    """What is said of the rows, and the rows; both of the same moment."""
    snapshots: list[Snapshot] = []
    tokens: dict[str, str | None] = {}
    feeds: dict[str, FeedFrame] = {}
    for label, each in held.items():
        feed = each.subscription.feed
        tokens[label] = None
        if feed.synced:
            snapshots.append(each.subscription.view.snapshot())
            tokens[label] = snapshots[-1].token
        state = feed.state()
        since = rfc3339(state.since) if state.since else None
        feeds[label] = feed_frame(
            label, state.state, since, state.reason, rfc3339(runtime.clock.now()), tokens[label], __version__
        )
    worst = max(feeds, key=lambda label: SEVERITY[feeds[label].state])
    answer: dict[str, Any] = {"token": tokens[worst] if len(held) == 1 else None, "feed": feeds[worst]}
    if len(held) > 1 or wanted.poll:
        answer |= {"tokens": tokens, "feeds": feeds}
    if wanted.poll:
        answer["refused"] = [_refused(name, found) for name, found in wanted.refused.items()]
    return answer, snapshots


def _refused(namespace: str, found: Refusal) -> dict[str, Any]:
    return {"namespace": namespace, **_words(found.code, found.params)}


def _tag(answer: dict[str, Any]) -> str:
    """The answer's ETag: all that it says but the time. Weak: it may be compressed or not."""
    frames = answer.get("feeds") or {"": answer["feed"]}
    said = [msgspec.structs.replace(frame, now="") for frame in frames.values()]
    digest = hashlib.sha256(msgspec.json.encode([said, answer.get("refused")])).hexdigest()
    return f'W/"{digest[:32]}"'


async def _with_rows(request: HttpRequest, answer: dict[str, Any], snapshots: list[Snapshot]) -> HttpResponse:
    """`answer` with the rows and rollouts as its last fields, or 304 to whoever has just that.

    Rows are compressed anyway, once for all.
    """
    tag = _tag(answer)
    if (unchanged := get_conditional_response(request, etag=tag)) is not None:
        return unchanged
    pods = [snapshot.picture for snapshot in snapshots]
    rollouts = [snapshot.rollouts for snapshot in snapshots]
    head = msgspec.json.encode(answer)[:-1]
    whole = [
        deflated(head + b',"pods":['),
        *_separated([await picture.part() for picture in pods]),
        deflated(b'],"rollouts":['),
        *_separated([await picture.part() for picture in rollouts]),
        deflated(b"]}"),
    ]
    if _takes_gzip(request) and sum(part.size for part in whole) >= COMPRESS_FROM_BYTES:
        return _response(gzipped(whole), "gzip", tag)
    pieces: list[bytes] = []
    for part in whole:
        for piece in inflated(part):
            pieces.append(piece)
            await asyncio.sleep(0)
    return _response(b"".join(pieces), tag=tag)


def _separated(parts: list[Part]) -> list[Part]:
    """Those that hold something, with commas between them."""
    comma = deflated(b",")
    return [each for part in parts if part.size for each in (comma, part)][1:]


async def _asked(request: HttpRequest) -> Wanted:
    """Who asks for what. Raises ApiRefused unless they may see all of it, or poll and may see some."""
    runtime = runtime_of(request)
    person = await person_behind(request)
    if request.GET.get("user", str(person.user_id)) != str(person.user_id):
        raise ApiRefused(401, "signed_out")
    asked = await asked_of(runtime, person, request.GET)
    refused = await runtime.refusals(person, asked)
    poll = request.GET.get("poll") == "1"
    if refused and (len(refused) == len(asked.namespaces) or not poll):
        found = next(iter(refused.values()))
        raise ApiRefused(found.status, found.code, dict(found.params))
    return Wanted(person, asked, refused, poll)


async def asked_of(runtime: Runtime, person: Person, query: QueryDict) -> Asked:
    """The view that an address asks for. Raises ApiRefused."""
    try:
        return await runtime.read(person, query)
    except BadParams as error:
        if error.signing_in_may_help and person.user_id is None:
            raise ApiRefused(401, "not_signed_in") from error
        raise ApiRefused(400, "bad_request", {"detail": error.message.rstrip(".")}) from error


async def person_behind(request: HttpRequest) -> Person:
    """Who asks."""
    user = await request.auser()
    return await sync_to_async(person_of)(user, request.session)


def runtime_of(request: HttpRequest) -> Runtime:
    runtime: Runtime = request.scope["portal"]  # type: ignore[attr-defined]  # an ASGIRequest
    return runtime


def answer_json(request: HttpRequest, answer: Any) -> HttpResponse:
    """`answer` as JSON, compressed where that is asked for and worth it."""
    body = msgspec.json.encode(answer)
    if _takes_gzip(request) and len(body) >= COMPRESS_FROM_BYTES:
        return _response(gzipped([deflated(body)]), "gzip")
    return _response(body)


def _takes_gzip(request: HttpRequest) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")


def _response(body: bytes, encoding: str | None = None, tag: str = "") -> HttpResponse:
    response = HttpResponse(body, content_type="application/json")
    if tag:
        response["ETag"] = tag
    response["Vary"] = "Accept-Encoding, Cookie"
    if encoding is not None:
        response["Content-Encoding"] = encoding
    return response


def answer_error(refused: ApiRefused) -> HttpResponse:
    """`{"error": {"code", "params", "message"}}`."""
    body = msgspec.json.encode({"error": _words(refused.code, refused.params)})
    response = HttpResponse(body, content_type="application/json", status=refused.status)
    if refused.status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _words(code: str, params: Mapping[str, ParamValue]) -> dict[str, Any]:
    return {"code": code, "params": params, "message": render(ERROR_SENTENCES[code], params)}
