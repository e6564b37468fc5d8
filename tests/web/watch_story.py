"""A watch with readers of any speed, to which things happen."""

from collections.abc import Iterable

from hypothesis import strategies as st

from harness.plain_board import Act, Step
from harness.uncounted import web_watch_instruments
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import DEFAULT_RULES, Rules
from leaderboard_server.domain.watch import EndReason, SnapshotReason
from leaderboard_web.watch.recent_messages import Cursor, RecentMessages
from web.upstream import Upstream, parsed, unframed

_users = st.sampled_from([f"u{number}" for number in range(8)])
steps = (
    st.builds(Step, _users, st.integers(-6, 6), st.sampled_from(["", "Ada"]))
    | st.builds(Step, _users, st.integers(1, 9), st.just(""))
    | st.builds(Step, _users, st.just(0), st.just(""), st.sampled_from(Act))
)


class Reader:
    """A reader with a checker of its messages."""

    def __init__(self, upstream: Upstream, recent: RecentMessages) -> None:
        self.checker = WatchChecker(limit=upstream.limit, hidden_users=True)
        self._upstream = upstream
        self._recent = recent
        self._cursor: Cursor | None = None

    def join(self) -> None:
        """Begin without a position."""
        self.checker = WatchChecker(limit=self._upstream.limit, hidden_users=True)
        self.checker.begin()
        self._cursor, frame = self._recent.start()
        self._feed(frame)

    def resume(self, after: Position | None = None, *, may_wait: bool = False) -> bool:
        """Begin at a position; by default at the one of the last message."""
        position = self.checker.position
        if after is not None:
            position = pb.Position(epoch=after.epoch, revision=after.revision)
        at = Position(position.epoch, position.revision)
        start = self._recent.resume(at, may_wait=may_wait)
        if start is None:
            return False
        self.checker.begin(position)
        self._cursor = start.cursor
        if start.frame:
            self._feed(start.frame)
        return True

    def read(self) -> bool:
        """Take the next message, if there is one."""
        if self._cursor is None:
            return False
        frame = self._recent.take(self._cursor)
        if frame is None:
            return False
        self._feed(frame)
        return True

    def read_all(self) -> None:
        """Take all messages."""
        while self.read():
            pass

    @property
    def reasons(self) -> dict[str, int]:
        """The number of snapshots by reason."""
        return dict(self.checker.reasons)

    def _feed(self, frame: bytes | None) -> None:
        assert frame
        message = parsed(unframed(frame))
        self.checker.feed(message)
        at = Position(message.position.epoch, message.position.revision)
        assert self._cursor
        assert self._cursor.position == at or message.HasField("end")
        if self.checker.known:
            self.checker.assert_equals(self._upstream.boards[at])


class Story:
    """A watch with its readers, to which things happen."""

    def __init__(
        self,
        limit: int,
        rules: Rules = DEFAULT_RULES,
        kept: int = 64,
        max_bytes: int = 1_000_000,
    ) -> None:
        self.instruments = web_watch_instruments()
        self.upstream = Upstream(limit, rules)
        self.now = 0.0
        self.recent = RecentMessages(
            limit,
            self.instruments,
            max_messages=kept,
            max_bytes=max_bytes,
            clock=lambda: self.now,
        )
        self.upstream.commit(*(Step(f"u{number}", number) for number in range(5)))
        self.recent.push(self.upstream.snapshot())
        self.readers = [Reader(self.upstream, self.recent) for _ in range(4)]
        for reader in self.readers:
            reader.join()

    def apply(self, kind: str, steps: list[Step], reader: int) -> None:
        """Let something happen."""
        if kind in ("read", "read_all", "resume", "join"):
            getattr(self.readers[reader], kind)()
        else:
            getattr(self, kind)(steps)

    def commit(self, steps: list[Step]) -> None:
        """Make a commit, which the next message has."""
        self.upstream.commit(*steps)

    def push(self, steps: Iterable[Step]) -> None:
        """Make a commit, and receive it."""
        self.upstream.commit(*steps)
        self.recent.push(self.upstream.changes())

    def progress(self, _steps: object) -> None:
        """Receive a message without changes, after what there is."""
        self.recent.push(self.upstream.changes())
        self.recent.push(self.upstream.changes())

    def wait(self, _steps: object) -> None:
        """Let as much time pass as there is between two messages of a quiet contest."""
        self.now += 18.0

    def update(self, _steps: object) -> None:
        """Update the contest."""
        self.recent.push(self.upstream.update_contest())

    def trim(self, _steps: object) -> None:
        """Resume the watch of the service too late."""
        self.recent.push(self.upstream.snapshot(SnapshotReason.HISTORY_TRIMMED))

    def drain(self, _steps: object) -> None:
        """Let the server drain."""
        self.recent.push(self.upstream.end(EndReason.DRAINING))

    def season(self, _steps: object) -> None:
        """Begin a season."""
        number = self.upstream.position.season + 1
        self.upstream.new_epoch(f"e{self.upstream.position.revision}_{number}")
        self.recent.push(self.upstream.snapshot(SnapshotReason.NEW_SEASON))

    def epoch(self, _steps: object) -> None:
        """Lose the history."""
        before = self.upstream.position
        season = f"_{before.season}" if before.season > 1 else ""
        self.upstream.new_epoch(f"e{before.revision}{season}")
        self.recent.push(self.upstream.snapshot(SnapshotReason.NEW_EPOCH))
