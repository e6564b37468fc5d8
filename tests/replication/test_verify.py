"""The comparison of silent log followers with the store."""

import asyncio

from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from replication.following import Following, commit, payload

TRIMMED, NEW_EPOCH = SnapshotReason.HISTORY_TRIMMED, SnapshotReason.NEW_EPOCH


class TestVerify:
    """The comparison of a silent follower with the store."""

    async def test_silent_follower_at_the_position_of_the_store_stays_live(
        self, live: Following
    ) -> None:
        """After the comparison, messages of own commits are no longer expected."""
        live.follower.observe_own_commit(commit(2))
        live.store.append(commit(2))
        await live.follower.verify()
        live.follower.on_message(payload(2))
        live.follower.on_message(payload(2))

        assert live.taken() == ([2], ["position"])
        assert live.follower.live

    async def test_silent_follower_behind_the_store_reads_the_log(self, live: Following) -> None:
        """If the store is ahead for longer than a message takes, the log is read."""
        live.store.append(commit(2))
        await live.follower.verify()
        await live.live()

        assert live.taken() == (["stale", 2], ["position", "history"])

    async def test_message_in_flight_is_not_lost(self, live: Following) -> None:
        """If the commit arrives during the comparison, the log is not read."""
        live.store.append(commit(2))
        live.store.replies.clear()
        verifying = asyncio.create_task(live.follower.verify())
        await live.settle()
        live.follower.on_message(payload(2))
        live.store.replies.set()
        await verifying

        assert live.taken() == ([2], ["position"])

    async def test_emptied_store_restarts_observers(self, live: Following) -> None:
        """Observers restart, though no message announces the loss."""
        live.store.log, live.store.now = [], Position("f", 0)
        await live.follower.verify()
        await live.live()

        assert live.taken()[0] == ["stale", (Position("f", 0), NEW_EPOCH)]

    async def test_follower_with_messages_is_not_compared(self, live: Following) -> None:
        """A message since the last comparison shows that the feed works."""
        live.follower.on_message(payload(2))
        await live.follower.verify()
        assert live.taken()[1] == []

        live.store.append(commit(2))
        await live.follower.verify()
        assert live.taken()[1] == ["position"]

    async def test_follower_that_is_not_live_is_not_compared(self, new: Following) -> None:
        """A follower that is not live is skipped."""
        await new.follower.verify()

        assert new.taken() == ([], [])

    async def test_messages_of_a_deleted_epoch_do_not_hide_that_it_is_back(
        self, live: Following
    ) -> None:
        """A store that has lost the deletion begins an epoch, though messages arrive."""
        live.follower.observe_deletion("e")
        live.store.append(commit(2))
        live.follower.on_message(payload(2))
        await live.follower.verify()
        await live.live()

        assert live.follower.position == Position("f", 2)
        assert live.taken()[1] == ["position", "history", "end_epoch e", "history", "history"]
