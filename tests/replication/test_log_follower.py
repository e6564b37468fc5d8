"""Transitions of the log follower from UNSUBSCRIBED and from LIVE, one test each.

The tests check the public effects of each state: `live`, the calls of observers, the position, and
the calls of the store.
"""

import pytest

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication import log_follower
from replication.following import Following, Recorder, commit, payload

TRIMMED, NEW_EPOCH = SnapshotReason.HISTORY_TRIMMED, SnapshotReason.NEW_EPOCH


class TestUnsubscribed:
    """Events before the feed is subscribed, and after its connection was lost."""

    def test_new_follower_is_at_the_beginning(self, new: Following) -> None:
        """A new follower is not live and has read nothing."""
        assert not new.follower.live
        assert new.follower.position == BEGINNING
        assert new.taken() == ([], [])

    async def test_subscribed_reads_the_position_and_the_log(self, new: Following) -> None:
        """The first read begins at the present position: earlier commits are not passed on."""
        new.follower.on_subscribed()
        await new.live()

        assert new.follower.position == Position("e", 1)
        assert new.taken() == (["stale"], ["position", "history"])

    async def test_subscribed_again_reads_what_was_missed(self, live: Following) -> None:
        """After a lost connection commits are passed on from the log, in order."""
        live.follower.on_connection_lost()
        live.store.append(commit(2), commit(3, 4))
        live.follower.on_subscribed()
        await live.live()

        assert live.taken() == (["stale", "stale", 2, 4], ["history"])

    def test_message_is_dropped(self, new: Following) -> None:
        """A message is not needed, because its commit is in the log."""
        new.follower.on_message(payload(1))

        assert new.taken() == ([], [])
        assert new.follower.position == BEGINNING

    async def test_catch_up_makes_stale_alone(self, new: Following) -> None:
        """Without a subscription the log is not read."""
        new.follower.catch_up()
        new.follower.on_message(b"no json")
        await new.settle()

        assert new.taken() == (["stale", "stale"], [])

    async def test_own_commit_makes_stale(self, new: Following) -> None:
        """An own commit is acknowledged, but not passed on."""
        new.follower.observe_own_commit(commit(2))

        assert new.taken() == (["stale"], [])
        assert new.follower.acked_position == Position("e", 2)

    async def test_until_live_fails_in_time(
        self, new: Following, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A caller gets `StoreUnavailable` while there is no connection."""
        monkeypatch.setattr(log_follower, "LIVE_WITHIN_S", 0.01)

        with pytest.raises(StoreUnavailable):
            await new.follower.until_live()


class TestLive:
    """Events while the follower is live."""

    async def test_next_message_is_passed_on(self, live: Following) -> None:
        """The position moves, and the follower stays live."""
        live.follower.on_message(payload(2, 4))

        assert live.taken() == ([4], [])
        assert live.follower.position == Position("e", 4)
        assert live.follower.live

    async def test_known_message_is_ignored(self, live: Following) -> None:
        """A commit that was read from the log may arrive as a message too."""
        live.follower.on_message(payload(1))
        live.follower.on_message(payload(1))

        assert live.taken() == ([], [])
        assert live.follower.live

    @pytest.mark.parametrize(
        "message", [payload(3), payload(9, epoch="f"), b"no json"], ids=["gap", "epoch", "no json"]
    )
    async def test_message_that_does_not_come_next_reads_the_log(
        self, live: Following, message: bytes
    ) -> None:
        """The log is read after a gap, another epoch or an unreadable message."""
        live.store.append(commit(2), commit(3))
        live.follower.on_message(message)
        assert not live.follower.live
        await live.live()

        assert live.taken() == (["stale", 2, 3], ["history"])

    async def test_reused_revision_ends_the_epoch(self, live: Following) -> None:
        """Any second commit of a known revision shows that the store was rolled back."""
        live.follower.on_message(payload(2))
        live.follower.on_message(payload(2))
        assert not live.follower.live
        await live.live()

        restart = (Position("f", 1), NEW_EPOCH)
        assert live.taken() == ([2, "stale", restart], ["end_epoch e", "history", "history"])

    async def test_reused_revision_ends_the_epoch_once_the_store_is_available(
        self, live: Following
    ) -> None:
        """The epoch is ended after the store was unavailable for a while."""
        live.store.errors["end_epoch"].append(StoreUnavailable())
        live.follower.on_message(payload(2))
        live.follower.on_message(payload(2))
        live.follower.on_connection_lost()
        live.follower.on_subscribed()
        await live.live()

        assert live.follower.position.epoch == "f"
        assert live.taken()[1][:3] == ["end_epoch e", "end_epoch e", "history"]

    async def test_first_commit_of_a_contest_is_passed_on(self, new: Following) -> None:
        """An empty contest has no epoch, so the follower takes that of the first commit."""
        new.store.log, new.store.now = [], BEGINNING
        new.follower.on_subscribed()
        await new.live()
        new.follower.on_message(payload(1))

        assert new.observer.take() == ["stale", 1]
        assert new.follower.live

    async def test_epoch_without_changes_reads_the_log(self, new: Following) -> None:
        """A message without changes announces an epoch, but not its board."""
        new.store.log, new.store.now = [], BEGINNING
        new.follower.on_subscribed()
        await new.live()
        new.store.now = Position("f", 0)
        new.follower.on_message(payload(1, 0, epoch="f"))
        await new.live()

        assert new.follower.position == Position("f", 0)

    @pytest.mark.parametrize("event", ["catch_up", "subscribed"])
    async def test_request_reads_the_log(self, live: Following, event: str) -> None:
        """Observers are stale until the log has been read."""
        live.store.append(commit(2))
        if event == "catch_up":
            live.follower.catch_up()
        else:
            live.follower.on_subscribed()
        assert not live.follower.live
        await live.live()

        assert live.taken() == (["stale", 2], ["history"])

    async def test_connection_lost_makes_stale(
        self, live: Following, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The follower is not live until it is subscribed again, and callers wait until then."""
        await live.follower.until_live()
        live.follower.on_connection_lost()

        assert live.taken() == (["stale"], [])
        assert not live.follower.live
        monkeypatch.setattr(log_follower, "LIVE_WITHIN_S", 0.01)
        with pytest.raises(StoreUnavailable):
            await live.follower.until_live()

    async def test_next_own_commit_is_passed_on(self, live: Following) -> None:
        """The message of an own commit is expected once; a second one shows a rollback."""
        live.follower.observe_own_commit(commit(2))
        live.follower.on_message(payload(2))

        assert live.taken() == ([2], [])
        assert live.follower.live
        live.follower.on_message(payload(2))
        assert not live.follower.live

    @pytest.mark.parametrize(
        "own",
        [commit(3), commit(1), commit(2, epoch="lost")],
        ids=["after others", "known", "an epoch that is over"],
    )
    async def test_own_commit_that_does_not_come_next_makes_stale(
        self, live: Following, own: Commit
    ) -> None:
        """The position moves only with its message or that of the commit before it."""
        live.follower.observe_own_commit(own)

        assert live.taken() == (["stale"], [])
        assert live.follower.position == Position("e", 1)
        assert live.follower.live

    async def test_later_read_of_a_caller_makes_stale(self, live: Following) -> None:
        """Observers must not serve a board that is older than a response."""
        live.follower.observe_read(Position("e", 1))
        assert live.taken() == ([], [])
        live.follower.observe_read(Position("e", 3))

        assert live.taken() == (["stale"], [])
        assert live.follower.acked_position == Position("e", 3)

    async def test_close_ends_it(self, live: Following) -> None:
        """A closed follower never reads the log."""
        live.follower.close()
        live.follower.catch_up()
        await live.settle()

        assert not live.follower.live
        assert live.taken()[1] == []

    async def test_removed_observer_is_not_called(self, live: Following) -> None:
        """Only the remaining observers are called."""
        other = Recorder()
        live.follower.add(other)
        assert live.follower.remove(live.observer)
        live.follower.on_message(payload(2))

        assert (other.take(), live.observer.take()) == ([2], [])
        assert not live.follower.remove(other)
