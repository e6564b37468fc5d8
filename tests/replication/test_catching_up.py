"""Transitions of the log follower from CATCHING_UP, one test each, and the commits it passes on."""

import pytest

from harness.waiting import eventually
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication import log_reader
from leaderboard_server.storage.codec import UnreadableCommit
from replication.following import Following, Recorder, commit, payload

TRIMMED, NEW_EPOCH = SnapshotReason.HISTORY_TRIMMED, SnapshotReason.NEW_EPOCH


class FailsAtSecond(Recorder):
    """An observer that fails at its second commit."""

    def on_commit(self, commit: Commit) -> None:
        """Raise an error at the second revision."""
        assert commit.revision != 2


class TestCatchingUp:
    """Events while the log is read."""

    async def test_messages_are_kept_and_then_passed_on(self, live: Following) -> None:
        """Commits that arrive during the read are passed on after those of the log, each once."""
        await live.begin_read()
        live.store.append(commit(2))
        live.follower.on_message(payload(2))
        live.follower.on_message(payload(3))
        assert not live.follower.live
        assert live.taken()[0] == ["stale"]
        live.store.replies.set()
        await live.live()

        assert live.taken() == ([2, 3], [])

    async def test_kept_message_after_a_gap_reads_again(self, live: Following) -> None:
        """A commit between the log and the messages is read from the log."""
        await live.begin_read()
        live.store.append(commit(2), commit(3))
        live.follower.on_message(payload(3))
        live.taken()
        live.store.replies.set()
        await live.live()

        assert live.taken() == (["stale", 2, 3], ["history"])

    @pytest.mark.parametrize("event", ["catch_up", "subscribed", "unreadable"])
    async def test_request_during_the_read_reads_again(self, live: Following, event: str) -> None:
        """The read in flight may be too old, so exactly one more read follows it."""
        await live.begin_read()
        live.follower.on_message(payload(2))
        for _ in range(2):
            match event:
                case "catch_up":
                    live.follower.catch_up()
                case "subscribed":
                    live.follower.on_subscribed()
                case _:
                    live.follower.on_message(b"no json")
        live.store.append(commit(2))
        assert live.taken() == (["stale", "stale", "stale"], ["history"])
        live.store.replies.set()
        await live.live()

        assert live.taken() == (["stale", 2], ["history"])

    async def test_own_commit_makes_stale(self, live: Following) -> None:
        """Observers become stale, and the own commit is passed on after those being read."""
        await live.begin_read()
        live.taken()
        live.store.append(commit(2))
        live.follower.observe_own_commit(commit(2))

        assert live.taken() == (["stale"], [])
        assert live.follower.position == Position("e", 1)

    async def test_connection_lost_leaves_the_read_running(self, live: Following) -> None:
        """The commits of the log are passed on, but the follower does not become live."""
        live.store.append(commit(2))
        await live.begin_read()
        live.follower.on_connection_lost()
        live.store.replies.set()
        await eventually(lambda: live.follower.position.revision == 2, "the commit of the log")
        await live.settle()

        assert not live.follower.live
        assert live.taken() == (["stale", "stale", 2], ["history"])

    async def test_subscribed_during_a_read_from_before_reads_again(self, live: Following) -> None:
        """A read that began before the connection was lost doesn't make the follower live."""
        await live.begin_read()
        live.follower.on_message(payload(2))
        live.follower.on_connection_lost()
        live.store.append(commit(2), commit(3))
        live.follower.on_subscribed()
        live.store.replies.set()
        await live.live()

        assert live.taken() == (["stale", "stale", "stale", "stale", 2, 3], ["history", "history"])

    async def test_read_is_retried_while_the_store_is_unavailable(self, live: Following) -> None:
        """The log is read as soon as the store replies again."""
        live.store.append(commit(2))
        live.store.errors["history"] += [StoreUnavailable(), StoreUnavailable()]
        live.follower.catch_up()
        await live.live()

        assert live.taken() == (["stale", 2], ["history"] * 3)

    async def test_unexpected_error_is_retried(self, live: Following) -> None:
        """After an unexpected error the log is read again."""
        live.store.append(commit(2))
        live.store.errors["history"].append(ValueError("a defect"))
        live.follower.catch_up()
        await live.live()

        assert live.taken() == (["stale", 2], ["history"] * 2)

    async def test_log_is_read_again_after_an_observer_failed(self, live: Following) -> None:
        """The read continues after the commit at which the observer failed."""
        live.follower.add(FailsAtSecond())
        await live.begin_read()
        live.store.append(commit(2), commit(3))
        live.follower.on_message(payload(2))
        live.follower.on_message(payload(3))
        live.store.replies.set()
        await live.live()

        assert live.taken() == (["stale", 2, "stale", 3], ["history", "history"])

    async def test_long_log_is_read_in_pages(
        self, live: Following, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every commit is passed on, however many pages it takes."""
        monkeypatch.setattr(log_reader, "HISTORY_PAGE", 2)
        live.store.append(*(commit(revision) for revision in range(2, 7)))
        live.follower.catch_up()
        await live.live()

        assert live.taken() == (["stale", 2, 3, 4, 5, 6], ["history"] * 3)

    async def test_trimmed_log_restarts_observers(self, live: Following) -> None:
        """If commits are missing from the log, observers restart at its end."""
        live.store.append(commit(2), commit(3))
        live.store.log = [commit(3)]
        live.follower.catch_up()
        await live.live()

        assert live.taken() == (["stale", (Position("e", 3), TRIMMED)], ["history"] * 2)

    async def test_trimmed_log_of_a_new_contest_restarts_observers(self, new: Following) -> None:
        """The first epoch of a contest is no other history than the empty one before it."""
        new.store.log, new.store.now = [], BEGINNING
        new.follower.on_subscribed()
        await new.live()
        new.store.now = Position("e", 3)
        new.follower.catch_up()
        await new.live()

        assert new.observer.restarts == [(Position("e", 3), TRIMMED)]

    async def test_new_epoch_restarts_observers(self, live: Following) -> None:
        """Acknowledgements of the lost epoch do not delay responses."""
        live.follower.observe_read(Position("e", 1))
        live.store.now, live.store.log = Position("f", 0), []
        live.follower.catch_up()
        await live.live()

        assert live.taken() == (["stale", (Position("f", 0), NEW_EPOCH)], ["history"] * 2)
        assert live.follower.acked_position == BEGINNING

    async def test_diverged_log_ends_the_epoch(self, live: Following) -> None:
        """Another commit at the position shows that the store was rolled back."""
        live.store.log = [commit(1, points=9), commit(2)]
        live.store.now = Position("e", 2)
        live.follower.catch_up()
        await live.live()

        calls = ["history", "end_epoch e", "history", "history"]
        assert live.taken() == (["stale", (Position("f", 2), NEW_EPOCH)], calls)

    async def test_diverged_log_ends_the_epoch_once_the_store_is_available(
        self, live: Following, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The epoch is ended even if the log no longer has the other commit."""
        monkeypatch.setattr(log_reader, "RETRY_S", 0.2)
        live.store.log, live.store.now = [commit(1, points=9), commit(2)], Position("e", 2)
        live.store.errors["end_epoch"].append(StoreUnavailable())
        live.follower.catch_up()
        await eventually(lambda: "end_epoch e" in live.store.calls, "a failed end of the epoch")
        live.store.log.clear()
        await live.live()

        assert live.follower.position == Position("f", 2)

    async def test_diverged_log_ends_the_epoch_once(self, live: Following) -> None:
        """A retry reads the new epoch, and does not end it too."""
        live.follower.on_message(payload(2))
        live.store.errors["history"].append(StoreUnavailable())
        live.follower.on_message(payload(2))
        await live.live()

        assert live.taken()[1] == ["end_epoch e", "history", "history", "history"]

    async def test_unreadable_log_restarts_observers(self, live: Following) -> None:
        """A log in a later format is skipped, and not read again and again."""
        live.store.append(commit(2))
        live.store.errors["history"].append(UnreadableCommit())
        live.follower.catch_up()
        await live.live()

        calls = ["history", "position"]
        assert live.taken() == (["stale", (Position("e", 2), TRIMMED)], calls)

    async def test_unreadable_log_is_retried_while_the_store_is_unavailable(
        self, live: Following
    ) -> None:
        """After a failed read of the position, for any reason, the follower is not live."""
        live.store.append(commit(2))
        live.store.errors["history"] += [UnreadableCommit(), UnreadableCommit()]
        live.store.errors["position"] += [StoreUnavailable(), ValueError("a defect")]
        live.follower.catch_up()
        await live.live()

        calls = ["history", "position"] * 2 + ["history"]
        assert live.taken() == (["stale", 2], calls)

    async def test_close_cancels_the_read(self, live: Following) -> None:
        """No commit is passed on after the close."""
        live.store.append(commit(2))
        await live.begin_read()
        live.follower.close()
        live.taken()
        live.store.replies.set()
        await live.settle()

        assert live.taken() == ([], [])
        assert not live.follower.live
