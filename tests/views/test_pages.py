"""Who is shown which page, and that pages speak in words."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from pods.models import Cluster, Namespace

pytestmark = pytest.mark.django_db

TEAM_A = "/pods/?cluster=arn-aws-eks-prod&namespace=team-a"


def script_json(response: Any, name: str) -> Any:
    """The JSON block `name` of a page."""
    found = re.search(
        rf'<script id="{name}" type="application/json">(.*?)</script>', response.content.decode()
    )
    assert found is not None, f"the page has no {name}"
    return json.loads(found[1])


def config(response: Any) -> Any:
    return script_json(response, "portal-config")


def test_without_signing_in_a_real_clusters_pods_lead_to_the_sign_in_and_back(
    client: Client, prod: Cluster
) -> None:
    response = client.get(TEAM_A)
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/pods/%3Fcluster%3Darn-aws-eks-prod%26namespace%3Dteam-a"


def test_the_demo_is_open_and_labelled(client: Client, demo: Cluster) -> None:
    response = client.get("/pods/?namespace=shop")
    assert response.status_code == 200
    assert b"Demo cluster" in response.content
    assert b"Sign in" in response.content


def test_a_real_cluster_is_not_labelled_as_a_demo(client: Client, superuser: User, prod: Cluster) -> None:
    client.force_login(superuser)
    for path in ("/", TEAM_A, "/pods/arn-aws-eks-prod/team-a/web-1/"):
        assert b"Demo cluster" not in client.get(path).content


@pytest.mark.parametrize("path", ["/", "/login/", "/nope/", "/admin/login/"])
def test_in_demo_mode_every_page_says_so(
    client: Client, demo: Cluster, settings: Settings, path: str
) -> None:
    settings.PORTAL_DEMO = True
    assert b"Demo cluster" in client.get(path).content


def test_scripts_get_every_address_from_the_page(client: Client, team_member: User) -> None:
    client.force_login(team_member)
    found = config(client.get(f"{TEAM_A}&namespace=team-b&selector=tier%3Dweb&deployment=web&q=x"))
    query = "cluster=arn-aws-eks-prod&namespace=team-a&namespace=team-b&deployment=web&selector=tier%3Dweb"
    assert found["namespaces"] == ["team-a", "team-b"]
    assert found["urls"]["socket"] == f"/ws/pods/?{query}"
    assert found["urls"]["pod"] == "/pods/arn-aws-eks-prod/__namespace__/__pod__/"
    assert found["urls"]["sign_in"] == "/login/?next="
    assert found["filtered"] == "deployment=web, selector: tier=web"


def test_many_pods_come_over_http_first(client: Client, team_member: User) -> None:
    client.force_login(team_member)
    assert config(client.get(TEAM_A))["urls"]["rows"] is None
    everything = config(client.get("/pods/?namespace=*"))
    assert everything["urls"]["rows"] == "/api/v1/pods?cluster=arn-aws-eks-prod&namespace=*"


def test_a_namespace_without_a_grant_is_refused_in_words_existing_or_not(
    client: Client, team_member: User
) -> None:
    client.force_login(team_member)
    answers = [client.get(f"/pods/?namespace={name}") for name in ("shop", "never-was")]
    assert [answer.status_code for answer in answers] == [403, 403]
    shop, never_was = (re.sub(r'value="\w{64}"', "", answer.content.decode()) for answer in answers)
    assert shop.replace("shop", "never-was") == never_was
    assert "Ask an administrator" in shop


def test_of_several_namespaces_one_that_may_be_seen_is_enough(client: Client, team_member: User) -> None:
    client.force_login(team_member)
    assert client.get("/pods/?namespace=team-a&namespace=shop").status_code == 200


def test_what_does_not_exist_is_said_only_to_who_may_see_all(
    client: Client, superuser: User, prod: Cluster
) -> None:
    client.force_login(superuser)
    assert client.get("/pods/?cluster=never-was&namespace=shop").status_code == 404
    assert client.get("/pods/?namespace=never-was").status_code == 404


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("cluster=demo", "names no namespace"),
        ("cluster=demo&namespace=*&namespace=shop", "stands for all namespaces"),
        ("cluster=demo&namespace=..", "cannot be the name of a namespace"),
        ("cluster=demo&namespace=shop&deployment=A_B", "cannot be the name of a Deployment"),
        ("cluster=demo&namespace=shop&selector=tier%3D%3D%3D", "position"),
        ("namespace=shop", "names no cluster"),
    ],
)
def test_an_address_that_means_nothing_says_what_is_wrong(
    client: Client, superuser: User, demo: Cluster, prod: Cluster, query: str, words: str
) -> None:
    client.force_login(superuser)
    response = client.get(f"/pods/?{query}")
    assert response.status_code == 400
    assert words in response.content.decode()


def test_too_many_namespaces_are_refused(client: Client, demo: Cluster, settings: Settings) -> None:
    settings.PORTAL_MAX_NAMESPACES = 2
    response = client.get("/pods/?namespace=a&namespace=b&namespace=c")
    assert response.status_code == 400
    assert b"At most 2 namespaces" in response.content


def test_names_from_the_address_are_shown_as_text(client: Client, demo: Cluster) -> None:
    response = client.get("/pods/?namespace=%3Cscript%3E")
    assert b"<script>" not in response.content
    assert b"&lt;script&gt;" in response.content


def test_a_cluster_whose_source_is_gone_says_so(client: Client, superuser: User, prod: Cluster) -> None:
    prod.configured = False
    prod.save()
    client.force_login(superuser)
    for path in (TEAM_A, "/pods/arn-aws-eks-prod/team-a/web-1/"):
        response = client.get(path)
        assert response.status_code == 200
        assert b"not configured any more" in response.content
    assert b"not configured" in client.get("/").content


def test_a_namespace_that_is_gone_is_kept_and_says_so(client: Client, demo: Cluster) -> None:
    from django.utils import timezone

    Namespace.objects.filter(cluster=demo).update(gone_since=timezone.now())
    assert b"no longer in the cluster" in client.get("/pods/?namespace=shop").content
    assert b"gone from the cluster" in client.get("/").content


def test_home_shows_only_what_one_may_see(client: Client, team_member: User, prod: Cluster) -> None:
    client.force_login(team_member)
    content = client.get("/").content.decode()
    assert "team-a" in content
    assert "team-b" in content
    assert 'data-namespace="shop"' not in content


def test_home_says_what_to_do_where_nothing_is_open(client: Client, prod: Cluster) -> None:
    assert b"Sign in to see pods" in client.get("/").content
    client.force_login(User.objects.create_user("new"))
    assert b"Ask an administrator" in client.get("/").content


def test_one_pod_has_its_page(client: Client, demo: Cluster) -> None:
    response = client.get("/pods/demo/shop/web-1/")
    assert response.status_code == 200
    assert config(response)["pod"] == "web-1"
    assert client.get("/pods/demo/shop/No_Pod/").status_code == 404


@pytest.mark.parametrize("path", ["/nope/", "/pods/?namespace=never-was", "/pods/?namespace=No_Name"])
def test_a_page_that_says_no_knows_who_is_signed_in(client: Client, superuser: User, path: str) -> None:
    client.force_login(superuser)
    content = client.get(path).content.decode()
    assert "Signed in as" in content
    assert 'href="/login/' not in content


def test_signing_out_needs_a_post(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 302


def test_the_sign_in_comes_back_to_the_view(client: Client, team_member: User) -> None:
    response = client.post(
        "/login/?next=" + TEAM_A.replace("&", "%26"),
        {"username": "ana", "password": "a long password", "next": TEAM_A},
        REMOTE_ADDR="127.0.0.1",
    )
    assert response["Location"] == TEAM_A


def test_the_catalogue_has_a_text_for_every_key_that_scripts_use(client: Client, demo: Cluster) -> None:
    texts = script_json(client.get("/pods/?namespace=shop"), "portal-texts")
    scripts = Path(__file__).resolve().parents[2] / "static/js/pods"
    source = "\n".join(path.read_text() for path in scripts.glob("*.js"))
    used = set(re.findall(r"\bui\(\s*'(\w+)'", source))
    assert len(used) > 20
    assert used <= texts["ui"].keys()
    outcomes = set(re.findall(r"outcome: '(\w+)'", source))
    assert outcomes == texts["end"].keys()
    said = texts["feed"].keys() | texts["sockets"].keys() | texts["filter"].keys()
    assert set(re.findall(r"code: '(\w+)', params", source)) <= said
    assert {"no_upgrade", "foreign_origin", "not_routed", "mute", "other_version"} == texts["sockets"].keys()
    assert {"crash_loop_exit_code", "unschedulable"} <= texts["why"].keys()


def test_no_page_holds_inline_styles_or_scripts(client: Client, demo: Cluster, superuser: User) -> None:
    client.force_login(superuser)
    for path in ("/", "/pods/?namespace=shop", "/pods/demo/shop/web-1/", "/login/", "/nope/"):
        content = client.get(path).content.decode()
        assert not re.search(r"\sstyle=|\son\w+=|<style", content), path
        for tag in re.findall(r"<script[^>]*>", content):
            assert "src=" in tag or 'type="application/json"' in tag, tag


def test_signing_out_has_the_browser_forget_what_it_kept(client: Client, team_member: User) -> None:
    client.force_login(team_member)
    assert client.get("/logout/").status_code == 405
    answer = client.post("/logout/")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert not client.session.session_key
