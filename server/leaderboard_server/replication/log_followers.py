"""The streams of all contests that this server follows: one subscription each."""

import asyncio
import contextlib

import structlog

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.feed import Feed
from leaderboard_server.replication.log_follower import LogFollower, Observer
from leaderboard_server.storage.codec import CommitReply
from leaderboard_server.storage.store import Store

_log = structlog.get_logger()

LINGER_S = 5.0
"""For how long a stream goes on that nobody could wait for."""
VERIFY_S = 1.0
"""How often streams are compared with the store."""
VERIFIED_AT_ONCE = 100
"""How many streams are compared each time, in turn: about 5 ms of this server."""


class _Nobody:
    """Listens for nobody, so that a stream stays."""

    def on_commit(self, commit: Commit) -> None:
        pass

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        pass

    def on_stale(self) -> None:
        pass


class LogFollowers:
    """Hands out one stream for each contest. Open from `start` to `close`."""

    def __init__(self, store: Store, feed: Feed) -> None:
        self._store = store
        self._feed = feed
        self.by_contest: dict[str, LogFollower] = {}
        """The streams of the contests that anybody listens to."""
        self._task: asyncio.Task[None] | None = None
        store.add_epoch_observer(self._invalidate)

    def start(self) -> None:
        """Begin to compare the streams with the store."""
        self._task = asyncio.create_task(self._verify(), name="verify-streams")

    async def close(self) -> None:
        """End all streams."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for stream in self.by_contest.values():
            stream.close()

    @property
    def linked(self) -> bool:
        """Whether commits can be heard of at present."""
        return self._feed.linked

    def observe_own_commit(self, reply: CommitReply) -> None:
        """Take in a commit of this server, before its writer is answered."""
        if stream := self.by_contest.get(reply.contest_id):
            stream.observe_own_commit(reply.commit())

    def observe_read(self, contest_id: str, position: Position) -> None:
        """Take in that a caller was told a position of a board that was read from the store."""
        if stream := self.by_contest.get(contest_id):
            stream.observe_read(position)

    async def listen(self, contest_id: str, observer: Observer) -> LogFollower:
        """Tell `observer` of every commit after the returned stream's position.

        Raises:
            StoreUnavailable: The stream didn't become live in time; the observer is not told.
        """
        stream = self.by_contest.get(contest_id)
        if not stream:
            stream = self.by_contest[contest_id] = LogFollower(contest_id, self._store)
            self._feed.subscribe(contest_id, stream)
        stream.add(observer)
        try:
            await stream.until_live()
        except StoreUnavailable:
            # It goes on becoming live for a while: whoever comes back finds the work done.
            nobody = _Nobody()
            stream.add(nobody)
            asyncio.get_running_loop().call_later(LINGER_S, self.leave, stream, nobody)
            self.leave(stream, observer)
            raise
        except BaseException:
            self.leave(stream, observer)
            raise
        return stream

    def leave(self, stream: LogFollower, observer: Observer) -> None:
        """Stop telling `observer`; the last one ends the stream."""
        if not stream.remove(observer):
            del self.by_contest[stream.contest_id]
            stream.close()
            self._feed.unsubscribe(stream.contest_id)

    def _invalidate(self, contest_id: str) -> None:
        if stream := self.by_contest.get(contest_id):
            stream.invalidate()

    async def _verify(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(VERIFY_S)
            streams = list(self.by_contest.values())
            turn = turn if turn < len(streams) else 0
            due = streams[turn : turn + VERIFIED_AT_ONCE]
            turn += len(due)
            for result in await asyncio.gather(
                *(stream.verify() for stream in due), return_exceptions=True
            ):
                if isinstance(result, Exception) and not isinstance(result, StoreUnavailable):
                    _log.error("verify_failed", exc_info=result)
