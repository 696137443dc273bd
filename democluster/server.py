"""The HTTP side: paths, verbs, answers. The rules are in the modules that it calls."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from democluster.discovery import documents
from democluster.forms import Shaper
from democluster.kinds import KINDS, PODS, Kind, Object
from democluster.logs import Run, follow, parse_log_options, run_of
from democluster.negotiation import wanted
from democluster.options import ListOptions, parse_options
from democluster.paging import list_page
from democluster.status import ApiError, internal_error, method_not_allowed, not_found, unknown_path
from democluster.store import Store
from democluster.streaming import Stream
from democluster.watch import Watch

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_COMPRESS_FROM = 128 * 1024  # as the API server does
_END_SECONDS = 5.0


@dataclass(frozen=True)
class Settings:
    """`bookmark_seconds`: the API server sends one about every minute; `queue`: events a watch may lag."""

    bookmark_seconds: float = 60.0
    queue: int = 1000


def make_app(store: Store, clock: Callable[[], float], settings: Settings | None = None) -> web.Application:
    """The API over `store`; `clock` gives Unix seconds, for the ages in Tables."""
    app = web.Application(middlewares=[_statuses])
    api = _Api(store, clock, settings or Settings())
    for path, document in documents().items():
        app.router.add_get(path, _fixed(document), allow_head=False)
    for path in ("/livez", "/readyz", "/healthz"):
        app.router.add_get(path, _healthy, allow_head=False)
    for kind in KINDS:
        app.router.add_get(f"{kind.root}/{kind.plural}", api.collection(kind), allow_head=False)
        base = (
            f"{kind.root}/namespaces/{{namespace}}/{kind.plural}"
            if kind.namespaced
            else f"{kind.root}/namespaces"
        )
        if kind.namespaced:
            app.router.add_get(base, api.collection(kind), allow_head=False)
        app.router.add_get(f"{base}/{{name}}", api.single(kind), allow_head=False)
    app.router.add_get(
        f"{PODS.root}/namespaces/{{namespace}}/pods/{{name}}/log", api.pod_log, allow_head=False
    )
    app.on_shutdown.append(api.end_watches)
    return app


@web.middleware
async def _statuses(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is a Status; an error of our own is logged and never shown."""
    try:
        return await handler(request)
    except ApiError as error:
        return _refusal(error)
    except web.HTTPMethodNotAllowed:
        return _refusal(method_not_allowed())
    except web.HTTPNotFound:
        return _refusal(unknown_path())
    except web.HTTPException as error:
        return _refusal(ApiError(error.status, "BadRequest", error.reason))
    except Exception:
        log.exception("failed to answer %s %s", request.method, request.path)
        return _refusal(internal_error())


def _refusal(error: ApiError) -> web.Response:
    headers = {"Retry-After": "1"} if error.code == 504 else None
    return web.json_response(body=_encode(error.body()), status=error.code, headers=headers)


def _encode(obj: object) -> bytes:
    return msgspec.json.encode(obj)


def _answer(obj: Object) -> web.Response:
    body = _encode(obj)
    response = web.json_response(body=body)
    if len(body) >= _COMPRESS_FROM:
        response.enable_compression()
    return response


def _fixed(document: Object) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return _answer(document)

    return handle


async def _healthy(request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")


class _Api:
    """The handlers of the kinds, and the watches that are open."""

    def __init__(self, store: Store, clock: Callable[[], float], settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._watches: set[Watch] = set()
        self._ending = False

    async def end_watches(self, app: web.Application) -> None:
        """Let every open watch and log end in good order, before connections are closed."""
        self._ending = True
        for watch in tuple(self._watches):
            watch.end()

    async def pod_log(self, request: web.Request) -> web.StreamResponse:
        """The log of a pod's container; it ends when its reader leaves, at the latest with its next line."""
        name, namespace = request.match_info["name"], request.match_info["namespace"]
        options = parse_log_options(request.query)
        pod = self._store.get(PODS, namespace, name)
        if pod is None:
            raise not_found(PODS.plural, PODS.group, name)
        run_of(pod, options)

        def run_now() -> Run | None:
            present = self._store.get(PODS, namespace, name)
            return None if present is None or self._ending else run_of(present, options)

        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        try:
            async for data in follow(run_now, self._clock, options):
                await response.write(data)
        except (ConnectionResetError, ApiError):
            log.debug("a log's reader has left, or its container has")
        await _finish(request, response)
        return response

    def single(self, kind: Kind) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            name, namespace = request.match_info["name"], request.match_info.get("namespace", "")
            shaper = self._shaper(kind, request)
            obj = self._store.get(kind, namespace, name)
            if obj is None:
                raise not_found(kind.plural, kind.group, name)
            return _answer(shaper.single(obj))

        return handle

    def collection(self, kind: Kind) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            namespace = request.match_info.get("namespace", "")
            shaper = self._shaper(kind, request)
            options = parse_options(kind, request.query)
            if not options.watch:
                return _answer(shaper.listing(list_page(self._store, kind, namespace, options)))
            return await self._watch(kind, namespace, options, shaper, request)

        return handle

    def _shaper(self, kind: Kind, request: web.Request) -> Shaper:
        form = wanted(request.headers.get("Accept", ""), request.query.get("includeObject", ""))
        return Shaper(kind, form, self._clock())

    async def _watch(
        self, kind: Kind, namespace: str, options: ListOptions, shaper: Shaper, request: web.Request
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Cache-Control": "no-cache, private"})
        response.content_type = "application/json"
        response.enable_chunked_encoding()
        watch = Watch(namespace, options.matches, self._settings.queue)
        self._watches.add(watch)
        try:
            await response.prepare(request)
            if not shaper.can_watch:
                return response
            stream = Stream(
                self._store, kind, namespace, options, shaper, self._clock, self._settings.bookmark_seconds
            )
            await stream.run(watch, response)
        except ConnectionResetError:
            log.debug("a watch's client has left")
        finally:
            self._watches.discard(watch)
        await _finish(request, response)
        return response


async def _finish(request: web.Request, response: web.StreamResponse) -> None:
    """End the body; a client that does not even read the end loses its connection."""
    try:
        async with asyncio.timeout(_END_SECONDS):
            await response.write_eof()
    except (TimeoutError, ConnectionResetError):
        if request.transport is not None:
            request.transport.abort()
