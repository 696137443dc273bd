"""Saved views on the pages, in the address's own form, and how many changes one may ask for in a second."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import AsyncRequestFactory, Client

from pods import views_api
from pods.clock import SystemClock
from pods.domain.row import HEALTHS
from pods.models import Cluster, SavedView
from pods.runtime import Limits, Runtime
from pods.texts import catalogue
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


def shared_view(owner: User, name: str, namespace: str) -> SavedView:
    query = f"cluster=arn-aws-eks-prod&namespace={namespace}&q=web"
    return SavedView.objects.create(owner=owner, name=name, query=query, shared=True)


@pytest.mark.django_db
def test_home_lists_one_s_own_views_and_those_shared_by_others(
    client: Client, team_member: User, superuser: User
) -> None:
    SavedView.objects.create(owner=team_member, name="Mine", query="cluster=gone&namespace=x")
    shared_view(superuser, "For teams", "team-a")
    shared_view(superuser, "For operators", "shop")
    left = User.objects.create_user("left", is_active=False)
    shared_view(left, "Of one who left", "team-a")
    assert b"views-home" not in client.get("/").content
    client.force_login(team_member)
    content = client.get("/").content.decode()
    offered = re.findall(r'<a class="btn small" href="/pods/\?([^"]*)">(.*?)</a>', content)
    assert [re.sub(r"<.*?>", "", name) for _, name in offered] == ["Mine", "For teams shared by root"]
    assert offered[1][0] == "cluster=arn-aws-eks-prod&amp;namespace=team-a&amp;q=web"
    assert "For operators" not in content


@pytest.mark.django_db
def test_views_go_with_their_owner_and_outlive_one_deleted_by_another_release(
    client: Client, team_member: User, superuser: User
) -> None:
    shared_view(superuser, "For teams", "team-a")
    # As a release deletes people that knows nothing of views.
    User.objects.filter(pk=superuser.pk)._raw_delete("default")
    client.force_login(team_member)
    assert b"For teams" not in client.get("/").content
    shared_view(team_member, "Mine", "team-a")
    team_member.delete()
    assert [*SavedView.objects.order_by("pk").values_list("name", flat=True)] == ["For teams"]


@pytest.mark.django_db
def test_the_palette_is_on_every_live_page_and_knows_whom_to_ask(
    client: Client, demo: Cluster, superuser: User
) -> None:
    for path in ("/", "/pods/?namespace=shop", "/pods/demo/shop/web-1/"):
        content = client.get(path).content.decode()
        assert 'id="palette-open"' in content, path
        assert 'data-overview="/api/v1/overview"' in content, path
        assert "data-views" not in content, path
        assert "/admin/" not in content, path
    client.force_login(superuser)
    content = client.get("/pods/?namespace=shop").content.decode()
    assert 'data-views="/api/v1/views"' in content
    assert 'data-go="/admin/"' in content
    assert 'data-go="/ledger/"' in content
    for path in ("/login/", "/nope/"):
        assert 'id="palette-open"' not in client.get(path).content.decode(), path


def test_the_catalogue_has_every_text_of_palette_and_views() -> None:
    scripts = SCRIPT.parent
    for section, names in (("palette", ("palette", "paletteoptions")), ("views", ("savedviews",))):
        source = "".join((scripts / f"{name}.js").read_text() for name in names)
        used = set(re.findall(r"\bsay\(\s*'(\w+)'", source))
        assert used
        assert used <= catalogue()[section].keys()
