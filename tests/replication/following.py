"""A log follower on a fake store that replies when the test allows it."""

import asyncio
from collections import defaultdict
from typing import Any, cast

import orjson

from harness.uncounted import replication_instruments
from harness.waiting import eventually
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.storage.codec import decode_commit
from leaderboard_server.storage.store import History, Store

CONTEST = "cup"


def payload(first: int, last: int | None = None, *, points: int = 1, epoch: str = "e") -> bytes:
    """Return the published form of a commit of the revisions from `first` to `last`."""
    last = first if last is None else last
    change = ["ada", points, 1, 0, 1, "", "", ""]
    return orjson.dumps([epoch, first - 1, last, 1, *[change] * (last - first + 1)])


def commit(first: int, last: int | None = None, **fields: Any) -> Commit:
    """Return the same commit decoded."""
    return decode_commit(CONTEST, payload(first, last, **fields))


class FakeStore:
    """
    The commit log of one contest.

    Attributes:
        log: The commits that the log holds.
        now: The position of the contest.
        calls: The names of all calls, in order.
        errors: Raised by the next calls, by the first word of their names.
        replies: Cleared to hold back the replies of reads.
    """

    def __init__(self) -> None:
        self.log = [commit(1)]
        self.now = Position("e", 1)
        self.calls: list[str] = []
        self.errors: defaultdict[str, list[Exception]] = defaultdict(list)
        self.replies = asyncio.Event()
        self.replies.set()

    def append(self, *commits: Commit) -> None:
        """Append a commit to the log."""
        self.log += commits
        self.now = commits[-1].position

    async def position(self, _contest_id: str) -> Position:
        """See `Store.position`."""
        await self._reply("position")
        return self.now

    async def history(self, _contest_id: str, after_revision: int, limit: int) -> History:
        """See `Store.history`; reads the log at the time of the call."""
        before = next((each for each in self.log if each.revision == after_revision), None)
        commits = [each for each in self.log if each.revision > after_revision][:limit]
        history = History(commits, self.now, before)
        await self._reply("history")
        return history

    async def end_epoch(self, _contest_id: str, epoch: str) -> None:
        """See `Store.end_epoch`."""
        await self._reply(f"end_epoch {epoch}")
        self.now = Position("f", self.now.revision)
        self.log.clear()

    def epoch_changed(self, _contest_id: str, position: Position) -> bool:
        """See `Store.epoch_changed`."""
        return position.epoch == "lost"

    def observe_commit(self, _contest_id: str, position: Position) -> None:
        """See `Store.observe_commit`."""

    def observe_deletion(self, _contest_id: str, epoch: str) -> None:
        """See `Store.observe_deletion`."""

    async def _reply(self, call: str) -> None:
        self.calls.append(call)
        await self.replies.wait()
        if errors := self.errors[call.split(maxsplit=1)[0]]:
            raise errors.pop(0)


class Recorder:
    """
    An observer that records its calls.

    Attributes:
        calls: Revisions of commits, positions and reasons of restarts, "stale", "deleted".
    """

    def __init__(self) -> None:
        self.calls: list[object] = []

    def on_commit(self, commit: Commit) -> None:
        """See `log_reader.Observer`."""
        self.calls.append(commit.revision)

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        """See `log_reader.Observer`."""
        self.calls.append((position, reason))

    def on_deleted(self) -> None:
        """See `log_reader.Observer`."""
        self.calls.append("deleted")

    def on_stale(self) -> None:
        """See `log_reader.Observer`."""
        self.calls.append("stale")

    @property
    def restarts(self) -> list[object]:
        """The restarts among the calls."""
        return [call for call in self.calls if isinstance(call, tuple)]

    def take(self) -> list[object]:
        """Return the calls since the last call of `take`."""
        calls, self.calls = self.calls, []
        return calls


class Following:
    """A follower of a contest with one commit, its store and an observer."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.follower = LogFollower(CONTEST, cast("Store", self.store), replication_instruments())
        self.observer = Recorder()
        self.follower.add(self.observer)

    async def live(self) -> None:
        """Wait until the follower is live."""
        await eventually(lambda: self.follower.live, "a live follower")

    async def begin_read(self) -> None:
        """Begin to read the log, which gets no reply yet."""
        reads = self.store.calls.count("history")
        self.store.replies.clear()
        self.follower.catch_up()
        await eventually(lambda: self.store.calls.count("history") > reads, "a read of the log")

    async def settle(self) -> None:
        """Run all ready tasks."""
        for _ in range(20):
            await asyncio.sleep(0)

    def taken(self) -> tuple[list[object], list[str]]:
        """Return the calls of observer and store since the last call of `taken`."""
        calls = list(self.store.calls)
        self.store.calls.clear()
        return self.observer.take(), calls
