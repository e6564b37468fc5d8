"""The feed of a cluster on scripted nodes: subscriptions follow their slots."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.exceptions import ConnectionError as ConnectionLost

from harness.waiting import eventually
from leaderboard_server.replication import feed_connection
from leaderboard_server.replication.feed import Feed
from replication.scripted_cluster import RecordingReceiver, ScriptedCluster, channel, moved
from replication.scripted_node import ScriptedNode

CONTESTS = ("cup", "league", "open")
SAME_SLOT = ("cup20", "north53")


class Scene:
    """Two nodes, the first of which serves all slots, and a feed with receivers of contests."""

    def __init__(self, left: ScriptedNode, right: ScriptedNode) -> None:
        self.left, self.right = left, right
        self.cluster = ScriptedCluster(left, right)
        self.feed: Feed = self.cluster.feed()
        self.receivers: dict[str, RecordingReceiver] = {}

    def follow(self, *contests: str) -> None:
        """Subscribe to contests."""
        for contest in contests:
            self.receivers[contest] = RecordingReceiver()
            self.feed.subscribe(contest, self.receivers[contest])

    def calls(self, *contests: str) -> list[list[str]]:
        """Return the calls of the receivers of contests."""
        return [self.receivers[contest].calls for contest in contests]

    async def all_called(self, calls: list[str], *contests: str) -> None:
        """Wait until the receivers of contests, or all, have had these calls and no other."""
        found = self.calls(*(contests or self.receivers))
        await eventually(lambda: all(each == calls for each in found), f"the calls {calls}")


@pytest_asyncio.fixture(name="scene")
async def _scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """Yield a scene with a feed that is connected and retries soon; nothing of it is left open."""
    monkeypatch.setattr(feed_connection, "RECONNECT_S", 0.02)
    tasks = asyncio.all_tasks()
    async with ScriptedNode() as left, ScriptedNode() as right:
        scene = Scene(left, right)
        scene.cluster.give(left)
        scene.feed.start()
        await eventually(lambda: scene.feed.connected, "a connection")
        yield scene
        async with asyncio.timeout(5):
            await scene.feed.close()
        left.executing.set()
        right.executing.set()
        await eventually(lambda: not left.open and not right.open, "the end of all connections")
    here = {asyncio.current_task()}
    await eventually(lambda: asyncio.all_tasks() - here <= tasks, "the end of all tasks")


class TestSubscribing:
    """Subscriptions where no slot moves."""

    async def test_channels_of_one_slot_share_a_command(self, scene: Scene) -> None:
        """A node refuses one with channels of several slots."""
        scene.left.cut()
        await eventually(lambda: not scene.feed.connected, "the loss is detected")
        scene.follow(*CONTESTS, *SAME_SLOT)
        await scene.all_called(["subscribed"])

        commands = scene.left.sent("SSUBSCRIBE")
        assert len(commands) == 4
        assert {channel(contest) for contest in SAME_SLOT} in commands

    async def test_messages_go_to_the_receivers_of_their_channels(self, scene: Scene) -> None:
        """Each receiver gets those of its contest, until it is unsubscribed."""
        scene.follow("cup", "league")
        await scene.all_called(["subscribed"])
        scene.left.publish(channel("cup"), b"one")
        await scene.all_called(["subscribed", "one"], "cup")

        scene.feed.unsubscribe("cup")
        await eventually(lambda: not scene.left.subscribers(channel("cup")), "its end")
        assert scene.calls("cup", "league") == [["subscribed", "one"], ["subscribed"]]
        assert scene.left.sent("SUNSUBSCRIBE") == [{channel("cup")}]

    async def test_a_receiver_in_place_of_another_is_subscribed_after_it(
        self, scene: Scene
    ) -> None:
        """A confirmation for the receiver before says nothing about messages after its end."""
        scene.left.executing.clear()
        scene.follow("league")
        scene.follow("cup")
        first = scene.receivers["cup"]
        scene.feed.unsubscribe("cup")
        scene.follow("cup")
        scene.left.executing.set()
        await scene.all_called(["subscribed"])
        assert first.calls == []

        scene.left.executing.clear()
        scene.feed.unsubscribe("cup")
        await eventually(lambda: bool(scene.left.open), "the connection")
        scene.follow("cup")
        scene.left.executing.set()
        await scene.all_called(["subscribed"])
        names = [name for name, *channels in scene.left.commands if channel("cup") in channels]
        assert names == ["SSUBSCRIBE", "SUNSUBSCRIBE", "SSUBSCRIBE"]

    async def test_a_lost_connection_is_opened_again(self, scene: Scene) -> None:
        """Its receivers know that messages may be missed, and when that is over."""
        scene.follow(*CONTESTS)
        await scene.all_called(["subscribed"])
        scene.left.cut()
        await scene.all_called(["subscribed", "lost", "subscribed"])

    async def test_nothing_is_kept_of_receivers_that_have_left(self, scene: Scene) -> None:
        """Neither after an unsubscription, nor after one that is refused."""
        scene.follow(*CONTESTS)
        await scene.all_called(["subscribed"])
        left = [weakref.ref(receiver) for receiver in scene.receivers.values()]
        scene.left.refused[channel("cup")] = moved("cup")
        scene.left.end(channel("cup"), channel("open"))
        for contest in CONTESTS:
            scene.feed.unsubscribe(contest)
        scene.receivers.clear()
        await eventually(lambda: len(scene.left.sent("SUNSUBSCRIBE")) >= 1, "the commands")

        def all_gone() -> bool:
            gc.collect()
            return not any(receiver() for receiver in left)

        await eventually(all_gone, "the end of the receivers")


class TestMovingSlots:
    """Subscriptions whose slots are given to another node."""

    async def test_a_new_topology_moves_subscriptions_at_once(self, scene: Scene) -> None:
        """Receivers of other slots are not called; both nodes get one command for each slot."""
        scene.follow(*CONTESTS, *SAME_SLOT)
        await scene.all_called(["subscribed"])
        scene.cluster.give(scene.right, "cup", *SAME_SLOT)
        await scene.all_called(["subscribed", "lost", "subscribed"], "cup", *SAME_SLOT)
        await eventually(lambda: len(scene.left.sent("SUNSUBSCRIBE")) >= 2, "the ends")

        assert scene.calls("league", "open") == [["subscribed"], ["subscribed"]]
        for sent in (scene.left.sent("SUNSUBSCRIBE"), scene.right.sent("SSUBSCRIBE")):
            assert len(sent) == 2
            assert {channel(contest) for contest in SAME_SLOT} in sent
        scene.right.publish(channel("cup"), b"one")
        await scene.all_called(["subscribed", "lost", "subscribed", "one"], "cup")

    async def test_a_subscription_that_the_node_ends_begins_at_the_next(self, scene: Scene) -> None:
        """Nodes are asked at once for the topology, and with it the subscription moves.

        It does not go back before, though a former master would take it, without any message.
        """
        scene.cluster.replies.clear()
        scene.follow("cup", "league", "open")
        await scene.all_called(["subscribed"])
        scene.left.end(channel("cup"), channel("league"))
        await scene.all_called(["subscribed", "lost"], "cup", "league")
        scene.cluster.give(scene.right, "cup")
        await scene.all_called(["subscribed", "lost", "subscribed"], "cup")
        assert scene.cluster.polls == 1
        assert scene.calls("league") == [["subscribed", "lost"]]

        scene.cluster.replies.set()
        await scene.all_called(["subscribed", "lost", "subscribed"], "league")
        cup = {channel("cup")}
        assert scene.left.sent("SSUBSCRIBE").count(cup) == scene.right.sent("SSUBSCRIBE").count(cup)
        assert scene.calls("open") == [["subscribed"]]

    async def test_a_subscription_is_tried_again_where_no_other_node_has_the_slot(
        self, scene: Scene
    ) -> None:
        """A node that ended it and takes it again has had the slot all the time."""
        scene.follow("cup")
        await scene.all_called(["subscribed"])
        scene.left.end(channel("cup"))
        await scene.all_called(["subscribed", "lost", "subscribed"])

    @pytest.mark.parametrize("refusal", [moved("cup"), "CLUSTERDOWN Hash slot not served"])
    async def test_a_refused_subscription_is_tried_again(self, scene: Scene, refusal: str) -> None:
        """Others in the same batch begin, and the connection stays."""
        scene.left.cut()
        await eventually(lambda: not scene.feed.connected, "the loss is detected")
        scene.left.refused[channel("cup")] = refusal
        scene.follow(*CONTESTS)
        await scene.all_called(["subscribed"], "league", "open")
        cup = {channel("cup")}
        await eventually(lambda: scene.left.sent("SSUBSCRIBE").count(cup) > 2, "more attempts")
        assert scene.calls("cup") == [[]]

        del scene.left.refused[channel("cup")]
        await scene.all_called(["subscribed"])
        assert scene.left.opened == 2

    @pytest.mark.parametrize("first", ["the node", "the topology"])
    async def test_an_end_is_noticed_after_one_that_was_requested(
        self, scene: Scene, first: str
    ) -> None:
        """The node's own end, and its refusal to end it again, count for no later one."""
        scene.follow("cup", "league")
        await scene.all_called(["subscribed"])
        scene.left.executing.clear()
        if first == "the topology":
            scene.cluster.give(scene.right, "cup")
            await scene.all_called(["subscribed", "lost", "subscribed"], "cup")
        scene.left.end(channel("cup"))
        scene.left.refused[channel("cup")] = moved("cup")
        scene.left.executing.set()
        scene.cluster.give(scene.right, "cup")
        await scene.all_called(["subscribed", "lost", "subscribed"], "cup")

        # It comes back, and leaves again without a sign in the topology.
        scene.left.refused.clear()
        scene.cluster.give(scene.left, "cup")
        begun = ["subscribed", "lost", "subscribed", "lost", "subscribed"]
        await scene.all_called(begun, "cup")
        scene.left.refused[channel("cup")] = moved("cup")
        scene.left.end(channel("cup"))
        await scene.all_called([*begun, "lost"], "cup")
        assert scene.calls("league") == [["subscribed"]]

    async def test_slots_move_while_a_connection_is_opened_again(self, scene: Scene) -> None:
        """Each channel ends up at the node of its slot, and nowhere else."""
        scene.follow(*CONTESTS)
        await scene.all_called(["subscribed"])
        for round_ in range(5):
            scene.left.cut()
            scene.right.cut()
            scene.cluster.give(scene.right, *CONTESTS[: 1 + round_ % 3])
            await asyncio.sleep(0)
            scene.cluster.give(scene.left, CONTESTS[0])
        scene.cluster.give(scene.right, "open")

        def placed() -> bool:
            at_left = [scene.left.subscribers(channel(contest)) for contest in CONTESTS]
            at_right = [scene.right.subscribers(channel(contest)) for contest in CONTESTS]
            last = {calls[-1] for calls in scene.calls(*CONTESTS)}
            return (at_left, at_right, last) == ([1, 0, 0], [0, 1, 1], {"subscribed"})

        await eventually(placed, "each channel at its node")

    async def test_a_channel_waits_for_a_node_of_its_slot(self, scene: Scene) -> None:
        """Without one nothing is sent; the first one is subscribed at."""
        scene.cluster.give(None, "cup")
        scene.follow("cup", "league")
        await scene.all_called(["subscribed"], "league")
        assert scene.calls("cup") == [[]]
        assert not scene.feed.delivers("cup")

        scene.cluster.give(scene.right, "cup")
        await scene.all_called(["subscribed"])

    async def test_the_connection_to_a_node_without_slots_is_closed(self, scene: Scene) -> None:
        """All of its subscriptions are at the other node, and the log names it no more."""
        scene.follow(*CONTESTS)
        await scene.all_called(["subscribed"])
        scene.cluster.give(scene.right)
        await scene.all_called(["subscribed", "lost", "subscribed"])
        await eventually(lambda: scene.left.open == 0, "the end of the connection")
        assert scene.feed.connected


class TestNodesThatHang:
    """A node that does not answer, and calls for its contests."""

    @pytest.fixture(autouse=True)
    def _short_heartbeats(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Notice a silent connection soon."""
        monkeypatch.setattr(feed_connection, "HEARTBEAT_S", 0.05)
        monkeypatch.setattr(feed_connection, "SILENCE_S", 0.3)
        monkeypatch.setattr(feed_connection, "CONNECT_TIMEOUT_S", 0.3)

    async def test_only_its_own_contests_are_lost(self, scene: Scene) -> None:
        """Heartbeats go to each node, and the connection that is silent is opened again."""
        scene.cluster.give(scene.right, "cup")
        scene.follow("cup", "league")
        await scene.all_called(["subscribed"])
        scene.right.executing.clear()
        await scene.all_called(["subscribed", "lost"], "cup")
        assert not scene.feed.delivers("cup")
        assert scene.feed.delivers("league")
        assert not scene.feed.connected

        scene.right.executing.set()
        await scene.all_called(["subscribed", "lost", "subscribed"], "cup")
        assert scene.calls("league") == [["subscribed"]]
        assert scene.left.opened == 1

    async def test_a_shard_that_is_away_is_known(self, scene: Scene) -> None:
        """Also that slots have no node, but not before any node is known."""
        assert not ScriptedCluster(scene.left).feed().is_away("cup")
        scene.cluster.give(scene.right, "cup")
        scene.cluster.give(None, "open")
        node = scene.cluster.nodes[scene.right]
        node.away = lambda: ConnectionLost("no answer")
        scene.right.executing.clear()
        await eventually(lambda: not scene.feed.delivers("cup"), "the loss is detected")

        assert [scene.feed.is_away(contest) for contest in CONTESTS] == [True, False, True]
        assert scene.feed.connected

    async def test_it_can_be_closed_whatever_happens(self, scene: Scene) -> None:
        """While a node hangs, a batch is in flight, another node is closed, a channel waits."""
        scene.cluster.give(scene.right, "cup")
        scene.follow(*CONTESTS)
        await scene.all_called(["subscribed"])
        scene.left.refused[channel("open")] = moved("open")
        scene.left.end(channel("open"))
        scene.right.executing.clear()
        scene.follow("later")
        scene.cluster.give(scene.left)
        await scene.all_called(["subscribed", "lost"], "open")
        # The fixture closes it now.
