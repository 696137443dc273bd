"""`/api/v1/views`: a person's saved views, and those that others share with them."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import msgspec
import structlog
from asgiref.sync import sync_to_async
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from pods import savedviews
from pods.access import Person
from pods.api import ApiRefused, answer_error, answer_json, person_behind, runtime_of
from pods.asked import read
from pods.savedviews import MAX_VIEWS, NameTaken, Offered, TooMany
from pods.viewparams import BadParams
from pods.viewquery import read_query, write_query

log = structlog.get_logger(__name__)

MAX_NAME = 80
MAX_BODY_BYTES = 16 * 1024

View = Callable[..., Coroutine[Any, Any, HttpResponse]]


class Given(msgspec.Struct, forbid_unknown_fields=True):
    """What a request says of a view; what is left out stays as it is."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    query: str | msgspec.UnsetType = msgspec.UNSET
    shared: bool | msgspec.UnsetType = msgspec.UNSET


def _answering(view: View) -> View:
    """`view` for those who are signed in, with what it refuses as the API's errors."""

    @wraps(view)
    async def answering(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            person = await person_behind(request)
            if person.user_id is None:
                raise ApiRefused(401, "not_signed_in")
            _check_pace(request, person)
            return await view(request, person, person.user_id, **named)
        except ApiRefused as refused:
            return answer_error(refused)
        except NameTaken:
            return answer_error(ApiRefused(409, "view_exists"))
        except TooMany:
            return answer_error(ApiRefused(409, "too_many_views", {"limit": MAX_VIEWS}))
        except DatabaseFailure:
            log.exception("api_without_database")
            return answer_error(ApiRefused(503, "unavailable"))

    return answering


@never_cache
@require_http_methods(["GET", "POST"])
@_answering
async def views(request: HttpRequest, person: Person, owner_id: int) -> HttpResponse:
    """GET: `{"views": [View…], "limit"}`; POST `{"name", "query"[, "shared"]}`: 201 with the new view."""
    if request.method == "GET":
        offered = await sync_to_async(savedviews.offered_to)(person, runtime_of(request).access)
        return answer_json(request, {"views": [_shown(one) for one in offered], "limit": MAX_VIEWS})
    given = _given(request)
    if given.name is msgspec.UNSET or given.query is msgspec.UNSET:
        raise ApiRefused(400, "bad_view", {"detail": "it takes a name and a query"})
    shared = given.shared is True
    query = await _kept_query(request, person, given.query)
    row = await sync_to_async(savedviews.create)(owner_id, _kept_name(given.name), query, shared)
    answer = answer_json(request, _shown(Offered.of(row, person)))
    answer.status_code = 201
    return answer


@never_cache
@require_http_methods(["PATCH", "DELETE"])
@_answering
async def view(request: HttpRequest, person: Person, owner_id: int, view_id: int) -> HttpResponse:
    """PATCH with some of a view's fields: the view; DELETE: 204. 404 for all that are not one's own."""
    if request.method == "DELETE":
        if not await sync_to_async(savedviews.delete)(owner_id, view_id):
            raise ApiRefused(404, "no_such_view")
        return HttpResponse(status=204)
    given = _given(request)
    fields: dict[str, Any] = {}
    if given.name is not msgspec.UNSET:
        fields["name"] = _kept_name(given.name)
    if given.query is not msgspec.UNSET:
        fields["query"] = await _kept_query(request, person, given.query)
    if given.shared is not msgspec.UNSET:
        fields["shared"] = given.shared
    row = await sync_to_async(savedviews.change)(owner_id, view_id, **fields)
    if row is None:
        raise ApiRefused(404, "no_such_view")
    return answer_json(request, _shown(Offered.of(row, person)))


def _check_pace(request: HttpRequest, person: Person) -> None:
    runtime = runtime_of(request)
    if request.method != "GET" and not runtime.changes.allows(person.user_id):
        raise ApiRefused(429, "too_many_requests", {"limit": runtime.limits.messages_per_second})


def _given(request: HttpRequest) -> Given:
    if request.content_type != "application/json":  # a form has been read before, by the check of its token
        raise ApiRefused(400, "bad_view", {"detail": "it is not application/json"})
    body = request.body
    if len(body) > MAX_BODY_BYTES:
        raise ApiRefused(400, "bad_view", {"detail": "it is too long"})
    try:
        return msgspec.json.decode(body, type=Given)
    except msgspec.MsgspecError as error:
        raise ApiRefused(400, "bad_view", {"detail": str(error).rstrip(".")}) from error


def _kept_name(name: str) -> str:
    kept = " ".join(name.split())
    if not 0 < len(kept) <= MAX_NAME or not kept.isprintable():
        detail = f"a name has 1 to {MAX_NAME} characters, none of them a control character"
        raise ApiRefused(400, "bad_view", {"detail": detail})
    return kept


async def _kept_query(request: HttpRequest, person: Person, text: str) -> str:
    """The query in its one form. Raises ApiRefused where it means nothing, or none of it may be seen."""
    runtime = runtime_of(request)
    try:
        params, own = read_query(text, runtime.access.clusters(person))
        asked = read(params, runtime.access)
        refused = await runtime.refusals(person, asked)
        if len(refused) == len(asked.namespaces):
            found = next(iter(refused.values()))
            raise ApiRefused(found.status, found.code, dict(found.params))
        cluster = runtime.access.cluster(asked.cluster)
        if cluster is None:
            raise ApiRefused(503, "not_configured", {"cluster": asked.called})
        return write_query(params, own, cluster)
    except BadParams as error:
        raise ApiRefused(400, "bad_view", {"detail": error.message.rstrip(".")}) from error


def _shown(view: Offered) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "query": view.query,
        "href": view.href,
        "shared": view.shared,
        "owner": view.owner,
        "updated": view.updated,
    }
