"""In Chinese no page says anything in English, the admin's included; and a language can be chosen."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import clear_script_prefix, set_script_prefix
from pytest_django import Settings

from pods.models import Cluster, Grant, Namespace
from tests.translations.markup import read_texts

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
# Names: of the product, of Kubernetes' things, of formats and files; and languages, each in itself.
NAMES = set(
    re.findall(
        r"\w+",
        """
        k8sportal English Pod ReplicaSet Deployment Role Init IP UID JSON JavaScript ESTABLISHED
        CLOSE_WAIT kubeconfig CA PEM Django DJANGO Axes AXES GET POST HTTP Accept sha256 UTC restarts
        label tier web status owner node age CSV kubectl team Ctrl Kubeconfig LDAP Control Command Mac md5
        """,
    )
)
# What Django's and simple-history's templates hold in English in every language: descriptions of images, and
# the reason of a change that has none.
THEIRS = {"Search", "True", "False", "None"}
# What the test itself put there.
DATA = {"prod", "shop", "team-a", "teams", "root", "ana", "RO", "AN", "pods", "web-1", "example", "zh", "en"}
WORD = re.compile(r"[A-Za-z][\w-]*[A-Za-z\d]")
# Paths, parameters of an address, and hashes of passwords.
NO_WORDS = re.compile(r"/[\w/.-]+|\b(?:namespace|cluster)=[\w*]+|\S+\*{4,}")


def english(html: str) -> list[str]:
    """The texts of a page with words that are neither Chinese nor names."""
    texts = [NO_WORDS.sub("", text) for text in read_texts(html)]
    return [text for text in texts if set(WORD.findall(text)) - NAMES - THEIRS - DATA]


@pytest.fixture(autouse=True)
def plain(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.PORTAL_DEMO = False


@pytest.fixture
def cluster(db: None) -> Cluster:
    cluster = Cluster.objects.create(name="prod", server="https://10.0.0.1:6443", kind="server")
    for name in ("shop", "team-a"):
        Namespace.objects.create(cluster=cluster, name=name)
    return cluster


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password="a long password")


@pytest.fixture
def grant(cluster: Cluster) -> Grant:
    return Grant.objects.create(group=Group.objects.create(name="teams"), cluster=cluster, namespace="team-*")


@pytest.fixture
def chinese(root: User) -> Client:
    client = Client(headers=CHINESE)
    client.force_login(root)
    return client


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/", 200),
        ("/pods/?cluster=prod&namespace=shop", 200),
        ("/pods/?cluster=prod&namespace=*", 200),
        ("/pods/?cluster=prod", 400),
        ("/pods/?cluster=prod&namespace=nowhere", 404),
        ("/pods/prod/shop/web-1/", 200),
        ("/nothing/", 404),
        ("/ledger/", 200),
        ("/login/?next=/ledger/", 200),
    ],
)
def test_pages_are_chinese(chinese: Client, cluster: Cluster, address: str, status: int) -> None:
    response = chinese.get(address)
    assert response.status_code == status
    html = response.content.decode()
    assert '<html lang="zh-hans">' in html
    assert english(html) == [], "\n".join(english(html))


def test_pages_for_nobody_and_for_those_without_rights_are_chinese(cluster: Cluster, root: User) -> None:
    visitor = Client(headers=CHINESE)
    assert english(visitor.get("/").content.decode()) == []
    refused = visitor.post("/login/", {"username": "root", "password": "wrong"})
    assert english(refused.content.decode()) == []
    visitor.force_login(User.objects.create_user("ana", password="a long password"))
    forbidden = visitor.get("/ledger/")
    assert forbidden.status_code == 403
    assert english(forbidden.content.decode()) == []


def test_a_locked_out_visitor_is_told_so_in_chinese(root: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    response = Client(headers=CHINESE).post("/login/", {"username": "root", "password": "wrong"})
    assert response.status_code == 429
    assert "<h1>尝试次数过多</h1>" in response.content.decode()
    assert english(response.content.decode()) == []


@pytest.mark.parametrize("model", ["pods/cluster", "pods/namespace", "pods/grant", "auth/group", "auth/user"])
@pytest.mark.parametrize("page", ["", "add/", "{id}/change/", "{id}/delete/", "{id}/history/"])
def test_the_admin_is_chinese(chinese: Client, grant: Grant, model: str, page: str) -> None:
    models: dict[str, type[Model]] = {
        "cluster": Cluster,
        "namespace": Namespace,
        "grant": Grant,
        "group": Group,
        "user": User,
    }
    one = models[model.split("/")[1]]._default_manager.first()
    assert one is not None
    response = chinese.get(f"/admin/{model}/{page.format(id=one.pk)}")
    assert response.status_code == 200
    html = response.content.decode()
    assert '<html lang="zh-hans"' in html
    assert english(html) == [], "\n".join(english(html))


def test_a_connection_is_checked_in_chinese(chinese: Client, cluster: Cluster) -> None:
    cluster.server = "http://127.0.0.1:1"
    cluster.save()
    form = {"action": "check_the_connection", "_selected_action": [cluster.pk]}
    response = chinese.post("/admin/pods/cluster/", form, follow=True)
    assert "prod: Kubernetes API 没有响应：连接被拒绝。" in response.content.decode()


# ---- choosing a language


def _choose(client: Client, language: str, back: str, **more: str) -> tuple[int, str]:
    response = client.post("/language/", {"language": language, "next": back}, headers=more)
    return response.status_code, response.headers["Location"]


def test_a_chosen_language_stays_whatever_the_browser_prefers(cluster: Cluster) -> None:
    visitor = Client(headers=CHINESE)
    assert _choose(visitor, "en", "/login/?next=/ledger/") == (302, "/login/?next=/ledger/")
    assert '<html lang="en">' in visitor.get("/").content.decode()
    assert _choose(visitor, "zh-hans", "/") == (302, "/")
    assert '<html lang="zh-hans">' in visitor.get("/").content.decode()
    assert _choose(visitor, "tlh", "/")[0] == 302
    assert '<html lang="zh-hans">' in visitor.get("/").content.decode()


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("zh-CN", "zh-hans"),
        ("zh-TW,en;q=0.5", "zh-hans"),
        ("zh", "zh-hans"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_without_a_choice_the_browser_s_languages_count(db: None, accepted: str, expected: str) -> None:
    html = Client(headers={"Accept-Language": accepted}).get("/login/").content.decode()
    assert f'<html lang="{expected}">' in html


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", ""])
def test_choosing_a_language_leads_to_no_other_host(db: None, back: str) -> None:
    assert _choose(Client(), "zh-hans", back, Referer="https://evil.example/") == (302, "/")


def test_under_a_path_prefix_the_way_home_is_the_portal_s(db: None, settings: Settings) -> None:
    settings.LANGUAGE_COOKIE_PATH = "/portal/"
    form = {"language": "zh-hans", "next": "https://evil.example/"}
    set_script_prefix("/portal/")
    try:
        response = Client().post("/language/", form)
    finally:
        clear_script_prefix()
    assert response.headers["Location"] == "/portal/"
    cookie = response.cookies["k8sportal_language"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/portal/", True, "Lax")


def test_a_language_is_chosen_by_the_portal_s_own_forms_only(db: None) -> None:
    foreign = Client(enforce_csrf_checks=True)
    assert foreign.post("/language/", {"language": "zh-hans", "next": "/"}).status_code == 403
    assert foreign.get("/language/?language=zh-hans&next=/").cookies == {}


def test_every_page_offers_each_language_and_leads_back(chinese: Client, cluster: Cluster) -> None:
    for address in (
        "/pods/?cluster=prod&namespace=shop",
        "/login/?next=/",
        "/nothing/",
        "/admin/",
        "/ledger/",
    ):
        html = chinese.get(address).content.decode()
        assert 'name="language" value="en" lang="en">English<' in html, address
        assert 'value="zh-hans" lang="zh-hans" aria-current="true">简体中文<' in html, address
        assert f'name="next" value="{address.replace("&", "&amp;")}"' in html, address
