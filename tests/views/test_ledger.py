"""The ledger's page: for those with the right, in words for others, and with every text its scripts use."""

import re
from pathlib import Path
from typing import get_args

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from pods.ledger.sockets import SocketState
from pods.ledger.watches import WatchState
from tests.views.test_pages import config, script_json

pytestmark = pytest.mark.django_db

# Keys that the scripts put together: of what can be done, and of what the balance and a row say.
PARTS = ("", "_label", "_title", "_text", "_do", "_done")
COMPUTED = {
    *("equal", "equal_means", "equal_untold", "equal_untold_means", "differ", "differ_untold"),
    *("moving_means", "left_means", "state_lingers", "why_behind", "why_left_behind"),
}
SCRIPTS = Path(__file__).resolve().parents[2] / "static/js/pods"


@pytest.fixture
def operator(db: None) -> User:
    """May see the ledger, through a group, as the administration gives it."""
    return _member("omar", "view_ledger")


@pytest.fixture
def actor(db: None) -> User:
    """May act on it, too."""
    return _member("ada", "view_ledger", "act_on_ledger")


def _member(name: str, *rights: str) -> User:
    group = Group.objects.create(name=f"group of {name}")
    group.permissions.set(Permission.objects.filter(content_type__app_label="pods", codename__in=rights))
    assert group.permissions.count() == len(rights)
    user = User.objects.create_user(name)
    user.groups.add(group)
    return user


def test_without_signing_in_it_leads_to_the_sign_in_and_back(client: Client) -> None:
    response = client.get("/ledger/")
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/ledger/")


def test_without_the_right_it_is_refused_in_words(client: Client, team_member: User) -> None:
    client.force_login(team_member)
    response = client.get("/ledger/")
    assert response.status_code == 403
    assert b"for operators of the portal" in response.content
    assert b'id="sockets"' not in response.content


def test_the_right_to_act_alone_does_not_show_it(client: Client) -> None:
    client.force_login(_member("bo", "act_on_ledger"))
    assert client.get("/ledger/").status_code == 403


def test_somebody_who_is_no_longer_active_is_not_shown_it(client: Client, operator: User) -> None:
    client.force_login(operator)
    operator.is_active = False
    operator.save()
    assert client.get("/ledger/").status_code == 302


@pytest.mark.parametrize(("who", "acts"), [("operator", False), ("actor", True), ("superuser", True)])
def test_with_the_right_it_is_shown_with_what_may_be_done(
    request: pytest.FixtureRequest, client: Client, who: str, acts: bool
) -> None:
    client.force_login(request.getfixturevalue(who))
    response = client.get("/ledger/")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    found = config(response)
    assert found["may_act"] is acts
    assert found["urls"] == {
        "ledger": "/api/v1/ledger",
        "end": "/api/v1/ledger/end-viewer",
        "restart": "/api/v1/ledger/restart-watch",
    }


def test_the_menu_links_it_for_those_who_may_see_it(
    client: Client, operator: User, superuser: User, team_member: User
) -> None:
    for user, linked in ((operator, True), (superuser, True), (team_member, False)):
        client.force_login(user)
        assert (b'href="/ledger/"' in client.get("/").content) is linked, user


def test_without_scripts_it_says_where_the_figures_are(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    (words,) = re.findall(r"<noscript>(.*?)</noscript>", client.get("/ledger/").content.decode())
    assert "/metrics" in words
    assert "/api/v1/ledger" in words


def test_the_administration_offers_both_rights_to_groups(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    page = client.get("/admin/auth/group/add/").content.decode()
    assert "May see the live ledger" in page
    assert "May end viewers and restart watches" in page


def test_it_has_no_inline_styles_or_scripts(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    content = client.get("/ledger/").content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style", content)
    for tag in re.findall(r"<script[^>]*>", content):
        assert "src=" in tag or 'type="application/json"' in tag, tag


def test_the_catalogue_has_a_text_for_every_key_that_its_scripts_use(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    texts = script_json(client.get("/ledger/"), "portal-texts")["ledger"]
    source = "\n".join(path.read_text() for path in SCRIPTS.glob("ledger*.js"))
    used = set(re.findall(r"\bsay\(\s*'(\w+)'", source))
    assert len(used) >= 8
    used |= {f"state_{state}" for states in (SocketState, WatchState) for state in get_args(states)}
    used |= {f"{action}{part}" for action in ("end", "restart") for part in PARTS}
    assert used | COMPUTED == texts.keys()
