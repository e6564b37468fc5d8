"""Follows one contest's commit log, by messages of the feed and by reads of the log.

`LogReader` passes commits on; the states decide when it reads the log:

    state         event                                    next state    action
    UNSUBSCRIBED  subscribed                               CATCHING_UP   stale, read the log *
                  message                                                drop it: the log holds it
                  unreadable message, catch_up                           stale
                  end of a read from before                              drop its messages
    CATCHING_UP   message                                                keep it until the end
                  unreadable message, catch_up, subscribed               stale, read again after it
                  end of the read, messages come next      LIVE          pass them on
                  end of the read, otherwise                             stale, read the log
                  connection lost                          UNSUBSCRIBED  stale; the read goes on
    LIVE          message or own commit that comes next                  pass it on
                  message of a known commit                              ignore it
                  message after a gap or unreadable        CATCHING_UP   stale, read the log
                  message that reuses a revision           CATCHING_UP   stale, end epoch and read
                  catch_up, subscribed                     CATCHING_UP   stale, read the log
                  verify: silent and behind the store      CATCHING_UP   stale, read the log
                  connection lost                          UNSUBSCRIBED  stale
    any           own commit that does not come next                     stale
                  a caller got a later board from the store              stale
                  close                                    UNSUBSCRIBED  cancel the read

"stale" is a call of `Observer.on_stale`. (*) If a read from before is still in flight, the log is
read again after it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

import structlog

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.errors import StoreCause, StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.replication.acked_position import AckedPosition
from leaderboard_server.replication.commit_lag import CommitLag
from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.replication.log_reader import LogReader, Observer
from leaderboard_server.replication.rollback import RollbackDetector
from leaderboard_server.storage.codec import UnreadableCommit, decode_commit
from leaderboard_server.storage.store import Store

_log = structlog.get_logger()

LIVE_WITHIN_S = 1.0
"""Time to wait until a follower is live."""
IN_FLIGHT_S = 0.1
"""Time a message may be in flight before it counts as lost."""


class State(Enum):
    """States of a log follower."""

    UNSUBSCRIBED = auto()
    """Messages may be missed, so they are dropped."""
    CATCHING_UP = auto()
    """Messages are kept while the commits before them are read from the log."""
    LIVE = auto()
    """Messages are passed on as they arrive."""


_LIVE = State.LIVE
"""For every message and every read of a board: access through the Enum takes 0.1 µs."""


@dataclass
class _CatchUp:
    """A read of the log in flight."""

    task: asyncio.Task[None]
    messages: list[Commit] | None
    """Commits that arrived since it began; None once the log has to be read again after it."""


class LogFollower:
    """Follows one contest from when it is subscribed. Implements `feed.CommitReceiver`."""

    def __init__(
        self,
        contest_id: str,
        store: Store,
        instruments: ReplicationInstruments,
        is_away: Callable[[], bool] = lambda: False,
    ) -> None:
        """Follow a contest; `is_away` is that of the feed, see `Feed.is_away`."""
        self.contest_id = contest_id
        self._store = store
        self._is_away = is_away
        self._state = State.UNSUBSCRIBED
        self._entered_live = asyncio.Event()
        """Set in the state LIVE, for `until_live`; only `_enter` changes either."""
        self._catch_up: _CatchUp | None = None
        """Always in CATCHING_UP; in UNSUBSCRIBED if the connection was lost during a read."""
        self._messages_since_verify = 0
        self._acked = AckedPosition()
        self._rollback = RollbackDetector()
        self._lag = CommitLag(instruments.commit_lag)
        self._reader = LogReader(
            contest_id, store, self._rollback, self._acked, instruments.log_reads
        )

    @property
    def live(self) -> bool:
        """Whether every commit that the feed delivers is passed on at once."""
        return self._state is _LIVE

    @property
    def position(self) -> Position:
        """Up to where commits were passed on; the beginning before the log was first read."""
        return self._reader.position or BEGINNING

    @property
    def acked_position(self) -> Position:
        """The latest position that was acknowledged to a caller: no response may be behind it."""
        return self._acked.position

    async def until_live(self) -> None:
        """Wait until the follower is live.

        Raises:
            StoreUnavailable: It took too long; the feed or the store is away. At once if the
                contest's shard is known to be away: its callers would fill the call slots.
        """
        if self._is_away() and not self.live:
            raise StoreUnavailable(StoreCause.UNREACHABLE)
        try:
            async with asyncio.timeout(LIVE_WITHIN_S):
                await self._entered_live.wait()
        except TimeoutError as error:
            raise StoreUnavailable(StoreCause.UNREACHABLE) from error

    def add(self, observer: Observer) -> None:
        """Call `observer` back from now on."""
        self._reader.observers.append(observer)

    def remove(self, observer: Observer) -> bool:
        """Stop calling `observer` back; return whether any other is left."""
        self._reader.observers.remove(observer)
        return bool(self._reader.observers)

    def close(self) -> None:
        """Stop following."""
        self._enter(State.UNSUBSCRIBED, "not followed any more")
        if self._catch_up:
            self._catch_up.task.cancel()

    def on_subscribed(self) -> None:
        """See `feed.CommitReceiver`."""
        self._read_log("subscribed")

    def on_connection_lost(self) -> None:
        """See `feed.CommitReceiver`."""
        self._enter(State.UNSUBSCRIBED, "connection lost")

    def on_message(self, payload: bytes) -> None:
        """See `feed.CommitReceiver`."""
        try:
            commit = decode_commit(self.contest_id, payload)
        except UnreadableCommit:
            _log.exception("message_unreadable", contest_id=self.contest_id)
            self.catch_up("message unreadable")
            return
        self._lag.observe_message(commit.position)
        # One of a deleted epoch may show that the store has lost the deletion.
        self._messages_since_verify += commit.epoch == self.position.epoch
        if self._state is _LIVE:
            if self._rollback.revision_reused(commit, self.position):
                self._read_log("revision reused", diverged=True)
            elif not self._reader.advance(commit):
                self._read_log("message after a gap")
        elif self._catch_up and self._catch_up.messages is not None:
            self._catch_up.messages.append(commit)

    def catch_up(self, reason: str = "requested") -> None:
        """Read what is missing from the log, unless messages may be missed anyway."""
        if self._state is State.UNSUBSCRIBED:
            self.invalidate()
        else:
            self._read_log(reason)

    def invalidate(self) -> None:
        """Notify observers that their state may be older than an acknowledged write."""
        for observer in self._reader.observers:
            observer.on_stale()

    def observe_own_commit(self, commit: Commit) -> None:
        """Pass a commit of this server on before its message arrives, if it comes next.

        If earlier commits of others are missing, it is passed on later, by its message or the log.
        """
        if self._store.epoch_changed(self.contest_id, commit.position):
            self.invalidate()
            return
        self._acked.observe_commit(commit.position)
        if self._state is _LIVE:
            self._lag.observe_own_commit(
                commit.position, received=self.position.reaches(commit.position)
            )
        if self.live and commit.revision > self.position.revision and self._reader.advance(commit):
            self._rollback.expect_message(commit)
        else:
            self.invalidate()

    def observe_deletion(self, epoch: str) -> None:
        """Pass on that a caller of this server deleted the contest, before the message arrives."""
        self._reader.delete(epoch)

    def observe_read(self, position: Position) -> None:
        """Record the position of a board that was read from the store for a caller."""
        recorded = self._acked.observe_read(position, self.position.epoch)
        if recorded and not self.position.reaches(position):
            self.invalidate()

    async def verify(self) -> None:
        """Compare a silent follower with the store.

        This notices an emptied store, of which no message is published. While messages arrive no
        comparison is needed: each commit names the position that it follows.

        Raises:
            StoreUnavailable: The store is away.
        """
        messages, self._messages_since_verify = self._messages_since_verify, 0
        if messages or not self.live:
            return
        before = self.position
        if await self._store.position(self.contest_id) == before:
            if self.position == before:
                self._rollback.allow_repeats(before)
            return
        await asyncio.sleep(IN_FLIGHT_S)
        if self.live and self.position == before:
            self.catch_up("behind the store")

    def _enter(self, state: State, reason: str) -> None:
        """Enter a state, also again; in any but LIVE observers may be behind."""
        _log.debug(
            "follower_state_changed",
            contest_id=self.contest_id,
            before=self._state.name,
            now=state.name,
            reason=reason,
        )
        self._state = state
        if state is State.LIVE:
            self._entered_live.set()
        else:
            self._lag.clear()
            self._entered_live.clear()
            self.invalidate()

    def _read_log(self, reason: str, *, diverged: bool = False) -> None:
        self._enter(State.CATCHING_UP, reason)
        if self._catch_up:
            self._catch_up.messages = None
            return
        task = asyncio.create_task(self._reader.read_to_end(diverged=diverged), name="catch-up")
        self._catch_up = _CatchUp(task, messages=[])
        task.add_done_callback(self._on_log_read)

    def _on_log_read(self, task: asyncio.Task[None]) -> None:
        catch_up, self._catch_up = self._catch_up, None
        if task.cancelled() or not catch_up or self._state is State.UNSUBSCRIBED:
            return
        try:
            complete = catch_up.messages is not None and all(
                map(self._reader.advance, catch_up.messages)
            )
        except Exception:  # noqa: BLE001 - else the contest would not be followed any more
            _log.exception("catch_up_failed", contest_id=self.contest_id)
            complete = False
        if complete:
            self._rollback.allow_repeats(self.position)
            self._enter(State.LIVE, "log read")
        else:
            self._read_log("more to read")
