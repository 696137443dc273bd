"""One feed a scope, for as long as somebody looks and a little longer, and nothing after."""

import asyncio

import pytest

from pods import metrics
from pods.domain.rights import NamespaceRule
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.kube.errors import Forbidden
from pods.kube.resource import PODS
from pods.live.hub import Held, Hub, Key, UnknownCluster
from tests.live.api import FakeApi
from tests.live.bench import Wakes
from tests.live.fakes import pod
from tests.live.virtual import settle
from tests.watched import WATCHED

SHOP = Scope("kind", "pods", "shop")
A = Scope("kind", "pods", "a")
B = Scope("kind", "pods", "b")


def look(hub: Hub, key: Key = SHOP, selector: str = "") -> Held:
    return hub.subscribe(key, "shop", ViewFilter.parse("", selector), None, Wakes())


def pod_watches(api: FakeApi) -> int:
    return api.open("pods")


async def test_many_viewers_share_one_watch(api: FakeApi, hub: Hub) -> None:
    held = [look(hub, selector=f"app=x{number % 5}") for number in range(50)]
    await asyncio.sleep(1)
    assert pod_watches(api) == 1
    assert len({each.subscription.feed for each in held}) == 1
    assert len({each.subscription.view for each in held}) == 5
    assert [source.resource.name for source in api.sources] == list(WATCHED)
    for each in held:
        each.close()


async def test_the_watch_ends_five_seconds_after_the_last_viewer(api: FakeApi, hub: Hub) -> None:
    first, second = look(hub), look(hub)
    await asyncio.sleep(1)
    first.close()
    first.close()
    await asyncio.sleep(20)
    assert pod_watches(api) == 1
    second.close()
    await asyncio.sleep(4.9)
    assert pod_watches(api) == 1
    await asyncio.sleep(0.2)
    assert not any(api.open_of_each())
    assert hub.feeds() == []
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_refresh_keeps_the_feed_and_resumes(api: FakeApi, hub: Hub) -> None:
    api.pods.put(pod("1"))
    held = look(hub)
    await asyncio.sleep(1)
    epoch, token = held.subscription.feed.epoch, held.subscription.view.token(held.subscription.feed.offset)
    for _ in range(100):
        held.close()
        await asyncio.sleep(4.9)
        held = hub.subscribe(SHOP, "shop", ViewFilter(), None, Wakes(), [token])
        assert held.subscription.feed.epoch == epoch
        assert held.subscription.next_frame() is None
    assert api.source("shop").asked() == ["stream"]
    assert len(api.sources) == len(WATCHED)
    held.close()


async def test_after_the_linger_it_is_another_life(hub: Hub) -> None:
    held = look(hub)
    epoch = held.subscription.feed.epoch
    held.close()
    await asyncio.sleep(5.1)
    held = look(hub)
    assert held.subscription.feed.epoch != epoch
    held.close()


async def test_a_view_that_nobody_holds_is_forgotten(hub: Hub) -> None:
    stays = look(hub)
    running = hub.acquire(SHOP)
    for number in range(100):
        look(hub, selector=f"app=x{number}").close()
    assert len(running.views) == 1
    hub.release(running)
    stays.close()


async def test_other_rights_are_another_view(hub: Hub) -> None:
    rules = [
        NamespaceRule(patterns=("a",)),
        NamespaceRule(patterns=("b",)),
        NamespaceRule(patterns=("a",)),
        None,
    ]
    held = [hub.subscribe(SHOP, "*", ViewFilter(), rule, Wakes()) for rule in rules]
    views = [each.subscription.view for each in held]
    assert views[0] is views[2]
    assert len(set(views)) == 3
    assert [each.rule for each in held] == rules
    for each in held:
        each.close()


async def test_an_unknown_cluster_is_said_so(hub: Hub) -> None:
    for key in (Scope("lost", "pods", "a"), (Scope("lost", "pods", "a"), Scope("lost", "pods", "b"))):
        with pytest.raises(UnknownCluster):
            look(hub, key)
    assert hub.feeds() == []


@pytest.mark.parametrize("linger", [False, True])
async def test_stopping_ends_everything_also_what_lingers(api: FakeApi, hub: Hub, linger: bool) -> None:
    held = [look(hub), look(hub, (A, B)), look(hub, A)]
    await asyncio.sleep(1)
    assert pod_watches(api) == 3
    if linger:
        for each in held:
            each.close()
    await hub.stop()
    assert pod_watches(api) == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
    for each in held:
        each.close()
    await asyncio.sleep(10)
    assert hub.feeds() == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_cluster_that_is_gone_ends_its_feeds_under_their_viewers(api: FakeApi, hub: Hub) -> None:
    held = [look(hub), look(hub, (A, B))]
    await asyncio.sleep(1)
    hub.end_cluster("other")
    assert pod_watches(api) == 3
    hub.end_cluster("kind")
    await settle()
    assert (pod_watches(api), hub.feeds()) == (0, [])
    again = look(hub)
    for each in held:
        each.close()
    await asyncio.sleep(10)
    assert hub.feeds() == [again.subscription.feed]
    again.close()


async def test_the_state_of_a_feed_is_a_metric_while_it_runs(hub: Hub) -> None:
    def shown() -> dict[str, float]:
        return {
            sample.labels["state"]: sample.value
            for metric in metrics.FEED_STATE.collect()
            for sample in metric.samples
            if sample.labels["namespace"] == "shop"
        }

    held = look(hub)
    await asyncio.sleep(1)
    assert shown() == {"live": 1, "catching_up": 0, "stale": 0}
    held.close()
    await asyncio.sleep(6)
    assert set(shown().values()) == {0}


async def test_a_scope_that_fails_by_a_defect_of_ours_starts_again(
    api: FakeApi, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = look(hub)
    await asyncio.sleep(1)
    feed = held.subscription.feed
    with monkeypatch.context() as patch:
        patch.setattr("pods.live.store.PodStore.apply", lambda self, events: 1 / 0)
        api.pods.put(pod("1"))
        await asyncio.sleep(1)
    assert pod_watches(api) == 0
    await asyncio.sleep(5)
    assert pod_watches(api) == 1
    assert set(feed.records) == {"1"}
    held.close()


class TestUnion:
    """`namespace=*` over the scopes of single namespaces."""

    async def test_it_is_the_sum_of_its_members(self, api: FakeApi, hub: Hub) -> None:
        api.pods.put(pod("1", "a"), pod("2", "b"), pod("3", "other"))
        alone = look(hub, A)
        held = look(hub, (A, B))
        await asyncio.sleep(1)
        assert pod_watches(api) == 2
        feed = held.subscription.feed
        assert feed.synced
        assert set(feed.records) == {"1", "2"}
        api.pods.put(pod("4", "b"))
        api.pods.delete("1")
        await asyncio.sleep(1)
        assert set(feed.records) == {"2", "4"}
        assert set(feed.counts()) == {"b"}
        alone.close()
        held.close()

    async def test_its_members_end_when_it_does_and_not_before(self, api: FakeApi, hub: Hub) -> None:
        held = look(hub, (A, B))
        alone = look(hub, A)
        await asyncio.sleep(1)
        held.close()
        await asyncio.sleep(4.9)
        assert pod_watches(api) == 2
        await asyncio.sleep(0.2)
        assert pod_watches(api) == 1
        assert hub.feeds() == [alone.subscription.feed]
        assert not alone.subscription.feed.listeners
        alone.close()

    async def test_it_waits_for_all_its_members_but_not_for_the_refused(self, api: FakeApi, hub: Hub) -> None:
        api.pods.put(pod("1", "a"))
        error = Forbidden(PODS.forbidden("list", "b"))

        def refuse(source: object) -> None:
            if getattr(source, "namespace", "") == "b":
                source.refuse_list = lambda: error  # type: ignore[attr-defined]
                source.refuse_watch = lambda version: error  # type: ignore[attr-defined]

        api.prepare = refuse
        held = look(hub, (A, B))
        feed = held.subscription.feed
        await asyncio.sleep(4)
        assert held.subscription.next_frame() is None
        await asyncio.sleep(2)
        assert feed.synced
        assert set(feed.records) == {"1"}
        assert (feed.state().state, feed.state().since) == ("stale", None)
        reason = feed.state().reason
        assert reason is not None
        assert reason.params["namespace"] == "b"
        held.close()

    async def test_its_state_is_the_worst_of_its_members_since_the_longest(
        self, api: FakeApi, hub: Hub
    ) -> None:
        held = look(hub, (A, B))
        feed = held.subscription.feed
        await asyncio.sleep(60)
        failed = Forbidden(PODS.forbidden("watch", "b"))
        sinces = []
        for namespace in ("b", "a"):
            source = api.source(namespace)
            source.refuse_watch, source.refuse_list = lambda version: failed, lambda: failed
            source.stream.fail(failed)
            await asyncio.sleep(30)
            assert feed.state().state == "stale"
            sinces.append(feed.state().since)
        assert sinces[0] is not None
        assert sinces[1] is not None
        assert abs((sinces[1] - sinces[0]).total_seconds()) < 0.1
        held.close()
