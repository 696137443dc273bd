"""Lists, pages, single objects, forms and refusals, as the API server gives them."""

import pytest
from kubernetes.aio import client as official

from democluster.kinds import PODS
from tests.democluster.support import METADATA, METADATA_LIST, SHOP_PODS, TABLE, Client, name_of, pod


async def test_a_list_names_its_kind_and_revision_and_its_items_do_not(client: Client) -> None:
    status, found = await client.get(SHOP_PODS)
    assert status == 200
    assert (found["kind"], found["apiVersion"]) == ("PodList", "v1")
    assert found["metadata"] == {"resourceVersion": "104"}
    assert [name_of(item) for item in found["items"]] == ["a", "b", "c"]
    assert "kind" not in found["items"][0]


async def test_a_list_of_all_namespaces(client: Client) -> None:
    _, found = await client.get("/api/v1/pods")
    assert [name_of(item) for item in found["items"]] == ["d", "a", "b", "c"]


async def test_an_unknown_namespace_is_empty(client: Client) -> None:
    status, found = await client.get("/api/v1/namespaces/none/pods")
    assert (status, found["items"]) == (200, [])


async def test_pages_are_of_one_moment(client: Client) -> None:
    _, first = await client.get(SHOP_PODS, limit="2")
    assert first["metadata"]["remainingItemCount"] == 1
    client.store.delete(PODS, "shop", "c")
    client.put(pod("aa"))
    _, second = await client.get(SHOP_PODS, limit="2", **{"continue": first["metadata"]["continue"]})
    assert [name_of(item) for item in first["items"] + second["items"]] == ["a", "b", "c"]
    assert second["metadata"] == {"resourceVersion": first["metadata"]["resourceVersion"]}


async def test_an_expired_page_is_410_and_offers_to_go_on_without_consistency(client: Client) -> None:
    _, first = await client.get(SHOP_PODS, limit="2")
    for _ in range(60):
        client.put(pod("a"))
    status, refusal = await client.get(SHOP_PODS, **{"continue": first["metadata"]["continue"]})
    assert (status, refusal["reason"], refusal["code"]) == (410, "Expired", 410)
    status, rest = await client.get(SHOP_PODS, **{"continue": refusal["metadata"]["continue"]})
    assert (status, [name_of(item) for item in rest["items"]]) == (200, ["c"])


async def test_a_list_at_an_exact_version(client: Client) -> None:
    client.store.delete(PODS, "shop", "a")
    query = {"resourceVersion": "104", "resourceVersionMatch": "Exact"}
    _, then = await client.get(SHOP_PODS, **query)
    assert [name_of(item) for item in then["items"]] == ["a", "b", "c"]
    for _ in range(60):
        client.put(pod("b"))
    status, refusal = await client.get(SHOP_PODS, **query)
    assert (status, refusal["reason"]) == (410, "Expired")


async def test_a_future_version_is_504(client: Client) -> None:
    async with client.session.get(SHOP_PODS, params={"resourceVersion": "99999"}) as response:
        refusal = await response.json()
        assert (response.status, response.headers["Retry-After"]) == (504, "1")
    assert refusal["message"] == "Timeout: Too large resource version: 99999, current: 104"
    assert refusal["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=web", ["a", "b"]),
        ("app==web", ["a", "b"]),
        ("app!=web", ["c"]),
        ("app in (db, other)", ["c"]),
        ("app notin (db)", ["a", "b"]),
        ("app", ["a", "b", "c"]),
        ("!app", []),
        ("app=web,tier", []),
    ],
)
async def test_label_selectors(client: Client, selector: str, names: list[str]) -> None:
    _, found = await client.get(SHOP_PODS, labelSelector=selector)
    assert [name_of(item) for item in found["items"]] == names


async def test_field_selectors(client: Client) -> None:
    _, found = await client.get("/api/v1/pods", fieldSelector="metadata.name!=a,status.phase=Running")
    assert [name_of(item) for item in found["items"]] == ["d", "b", "c"]


async def test_a_table_has_columns_and_rows(client: Client) -> None:
    _, found = await client.get(SHOP_PODS, TABLE, includeObject="Object", limit="1")
    assert (found["kind"], found["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert found["metadata"]["remainingItemCount"] == 2
    assert [(c["name"], c["priority"]) for c in found["columnDefinitions"]] == [
        ("Name", 0),
        ("Ready", 0),
        ("Status", 0),
        ("Restarts", 0),
        ("Age", 0),
        ("IP", 1),
        ("Node", 1),
        ("Nominated Node", 1),
        ("Readiness Gates", 1),
    ]
    row = found["rows"][0]
    assert row["cells"][:4] == ["a", "1/1", "Running", "0"]
    assert (row["object"]["kind"], row["object"]["spec"]["containers"][0]["name"]) == ("Pod", "main")


async def test_a_row_carries_metadata_by_default_and_nothing_on_demand(client: Client) -> None:
    _, by_default = await client.get(SHOP_PODS, TABLE)
    assert by_default["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert "spec" not in by_default["rows"][0]["object"]
    _, bare = await client.get(SHOP_PODS, TABLE, includeObject="None")
    assert bare["rows"][0]["object"] is None


async def test_metadata_only(client: Client) -> None:
    _, found = await client.get(SHOP_PODS, METADATA_LIST)
    assert (found["kind"], found["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert set(found["items"][0]) == {"kind", "apiVersion", "metadata"}
    _, one = await client.get(f"{SHOP_PODS}/a", METADATA)
    assert (one["kind"], name_of(one), "spec" in one) == ("PartialObjectMetadata", "a", False)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (f"{TABLE},application/json", "Table"),
        ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", "PodList"),
        ("application/vnd.kubernetes.protobuf,application/json;q=0.5", "PodList"),
        (f"application/json;q=0.1,{TABLE}", "Table"),
        ("*/*", "PodList"),
    ],
)
async def test_the_best_acceptable_form_is_taken(client: Client, accept: str, kind: str) -> None:
    _, found = await client.get(SHOP_PODS, accept)
    assert found["kind"] == kind


@pytest.mark.parametrize(
    ("path", "accept", "query", "code", "reason"),
    [
        (f"{SHOP_PODS}/none", "*/*", {}, 404, "NotFound"),
        ("/api/v1/nonsense", "*/*", {}, 404, "NotFound"),
        (SHOP_PODS, "text/html", {}, 406, "NotAcceptable"),
        (SHOP_PODS, METADATA, {}, 406, "NotAcceptable"),
        (f"{SHOP_PODS}/a", METADATA_LIST, {}, 406, "NotAcceptable"),
        (SHOP_PODS, TABLE, {"includeObject": "Some"}, 400, "BadRequest"),
        (SHOP_PODS, "*/*", {"limit": "many"}, 400, "BadRequest"),
        (SHOP_PODS, "*/*", {"continue": "abc"}, 400, "BadRequest"),
        (SHOP_PODS, "*/*", {"labelSelector": "a b ="}, 400, "BadRequest"),
        (SHOP_PODS, "*/*", {"labelSelector": "a in (b"}, 400, "BadRequest"),
        (SHOP_PODS, "*/*", {"labelSelector": "a,,b"}, 400, "BadRequest"),
        (SHOP_PODS, "*/*", {"fieldSelector": "spec.image=x"}, 400, "BadRequest"),
        (SHOP_PODS, "*/*", {"resourceVersionMatch": "Exact"}, 422, "Invalid"),
        (SHOP_PODS, "*/*", {"watch": "1", "sendInitialEvents": "true"}, 422, "Invalid"),
    ],
)
async def test_refusals_are_statuses(
    client: Client, path: str, accept: str, query: dict[str, str], code: int, reason: str
) -> None:
    status, found = await client.get(path, accept, **query)
    assert (status, found["kind"], found["code"], found["reason"]) == (code, "Status", code, reason)
    assert found["status"] == "Failure"


async def test_nothing_can_be_written(client: Client) -> None:
    async with client.session.delete(f"{SHOP_PODS}/a") as response:
        found = await response.json()
    assert (response.status, found["reason"]) == (405, "MethodNotAllowed")


async def test_health_version_and_discovery(client: Client) -> None:
    for path in ("/livez", "/readyz"):
        async with client.session.get(path) as response:
            assert (response.status, await response.text()) == (200, "ok")
    _, version = await client.get("/version")
    assert version["minor"] == "37"
    _, groups = await client.get("/apis")
    assert [group["name"] for group in groups["groups"]] == ["apps", "batch"]
    _, resources = await client.get("/api/v1")
    assert [found["name"] for found in resources["resources"]] == ["events", "namespaces", "pods"]


async def test_the_official_client_reads_it(client: Client) -> None:
    configuration = official.Configuration(host=str(client.session._base_url).rstrip("/"))
    async with official.ApiClient(configuration) as api:
        found = await official.CoreV1Api(api).list_namespaced_pod("shop", limit=2)
    assert found.metadata is not None
    assert [item.metadata and item.metadata.name for item in found.items] == ["a", "b"]
    assert found.metadata.remaining_item_count == 1
