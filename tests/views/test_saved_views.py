"""Saved views on the pages, in the address's own form, and how many changes one may ask for in a second."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import AsyncRequestFactory

from pods import views_api
from pods.clock import SystemClock
from pods.domain.row import HEALTHS
from pods.runtime import Limits, Runtime
from pods.throttle import Throttles
from pods.viewquery import OWN


class StandingClock(SystemClock):
    """Time that passes when it is told to."""

    at = 1000.0

    def monotonic(self) -> float:
        return self.at


SCRIPT = Path(__file__).resolve().parents[2] / "static/js/pods/url.js"


def test_a_view_may_hold_what_the_page_writes_into_its_address() -> None:
    written = re.search(r"for \(const name of (\[.*?\])\)", SCRIPT.read_text())
    assert written is not None
    assert set(json.loads(written[1].replace("'", '"'))) == OWN.keys()
    assert OWN["health"].split("|") == [*HEALTHS]


def test_each_person_has_a_pace_of_their_own_and_few_are_remembered() -> None:
    clock = StandingClock()
    throttles = Throttles(2, clock)
    assert [throttles.allows("ana") for _ in range(3)] == [True, True, False]
    assert throttles.allows("ben")
    clock.at += 0.5
    assert [throttles.allows("ana") for _ in range(2)] == [True, False]
    for number in range(Throttles.MOST):
        throttles.allows(number)
    assert throttles.allows("ana"), "forgotten, so that nobody fills the memory"


@pytest.mark.django_db(transaction=True)
async def test_too_many_changes_in_a_second_are_refused_and_looking_is_not() -> None:
    ana = await sync_to_async(User.objects.create_user)("ana")
    portal = Runtime(Limits(messages_per_second=2), StandingClock())

    async def ask(method: str, body: bytes = b"") -> HttpResponse:
        request: Any = AsyncRequestFactory().generic(method, "/api/v1/views", body, "application/json")
        request.scope["portal"] = portal
        request.session = None

        async def asking() -> User:
            return ana

        request.auser = asking
        if method in ("GET", "POST"):
            return await views_api.views(request)
        return await views_api.view(request, view_id=1)

    assert [(await ask("DELETE")).status_code for _ in range(3)] == [404, 404, 429]
    refused = await ask("POST", b"{}")
    assert (refused.status_code, json.loads(refused.content)["error"]["code"]) == (429, "too_many_requests")
    assert [(await ask("GET")).status_code for _ in range(5)] == [200] * 5
