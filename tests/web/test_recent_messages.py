"""Recent messages: what readers of any speed are sent."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.plain_board import Act, Step
from harness.strategies import rules
from harness.uncounted import web_watch_instruments
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import DEFAULT_RULES, Rules
from leaderboard_server.domain.watch import EndReason, SnapshotReason
from leaderboard_web.watch.recent_messages import Cursor, RecentMessages
from web.upstream import Upstream, parsed, unframed

AHEAD_BY = 1_000

users = st.sampled_from([f"u{number}" for number in range(8)])
steps = (
    st.builds(Step, users, st.integers(-6, 6), st.sampled_from(["", "Ada"]))
    | st.builds(Step, users, st.integers(1, 9), st.just(""))
    | st.builds(Step, users, st.just(0), st.just(""), st.sampled_from(Act))
)
kinds = (
    *["push"] * 10,
    *["read", "read_all", "resume"] * 2,
    *("commit", "join", "progress", "update", "trim", "season", "epoch", "drain"),
)
operations = st.lists(
    st.tuples(st.sampled_from(kinds), st.lists(steps, min_size=1, max_size=4), st.integers(0, 3)),
    max_size=50,
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

    def resume(self, after: Position | None = None, *, patient: bool = False) -> bool:
        """Begin at a position; by default at the one of the last message."""
        position = self.checker.position
        if after is not None:
            position = pb.Position(epoch=after.epoch, revision=after.revision)
        at = Position(position.epoch, position.revision)
        start = self._recent.resume(at, patient=patient)
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
        self.recent = RecentMessages(
            limit, self.instruments, max_messages=kept, max_bytes=max_bytes
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


class TestRecentMessages:
    """What readers are sent."""

    @settings(deadline=None)
    @given(
        rules=rules,
        limit=st.integers(1, 8),
        kept=st.sampled_from([1, 2, 3, 64]),
        history=operations,
    )
    def test_every_reader_has_the_board_at_each_position(
        self, rules: Rules, limit: int, kept: int, history: list[tuple[str, list[Step], int]]
    ) -> None:
        """However slowly it reads and from wherever it resumes, a reader has the right board."""
        story = Story(limit, rules, kept)
        for kind, made, reader in history:
            story.apply(kind, made, reader)
        story.push([])
        for each in story.readers:
            each.read_all()
            each.checker.assert_equals(story.upstream.read())


class TestResuming:
    """How a reader begins that has a position of another connection."""

    def story(self) -> tuple[Story, Reader, list[Position]]:
        """Return a watch with some messages, a reader, and the positions of the messages."""
        story = Story(10)
        positions = [story.upstream.position]
        for points in range(1, 6):
            story.push([Step("u0", points), Step("u1", points)])
            positions.append(story.upstream.position)
        return story, story.readers[0], positions

    def test_at_the_current_position(self) -> None:
        """A reader that missed nothing is sent a message without changes, and what follows."""
        story, reader, positions = self.story()
        reader.read_all()
        assert reader.resume(positions[-1])
        assert reader.checker.begun
        story.push([Step("u4", 1)])
        reader.read_all()
        assert not reader.checker.reasons["HISTORY_TRIMMED"]
        reader.checker.assert_equals(story.upstream.read())

    def test_after_a_kept_message(self) -> None:
        """A reader that has the board after a message which is kept is sent what followed it."""
        story = Story(10)
        reader, slow = story.readers[:2]
        for _ in range(3):
            story.push([Step("u0", 2)])
            reader.read_all()
        story.push([Step("u1", 1)])
        story.push([Step("u1", 1)])

        assert reader.resume()
        assert not reader.read()
        assert reader.reasons == {"INITIAL": 1}
        assert reader.checker.changes[-1].points == 2
        reader.checker.assert_equals(story.upstream.read())
        assert slow.resume()
        slow.checker.assert_equals(story.upstream.read())

    def test_within_messages_without_changes(self) -> None:
        """A position after which no row changed is as good as the current one."""
        story = Story(2)
        begun = story.upstream.position
        story.push([Step("u0", 1, "Ada"), Step("u1", 0, "Bo")])
        story.push([Step("u0", 0, "Cy")])
        between = begun._replace(revision=begun.revision + 1)
        assert begun.revision < between.revision < story.upstream.position.revision
        reader = Reader(story.upstream, story.recent)
        assert reader.resume(between)
        assert not reader.reasons
        story.push([Step("u4", 1)])
        reader.read_all()
        assert not reader.reasons

    @pytest.mark.parametrize(
        ("after", "reason"),
        [
            (lambda at: at._replace(revision=at.revision - 1), "HISTORY_TRIMMED"),
            (lambda at: Position(at.epoch, 1), "HISTORY_TRIMMED"),
            (lambda _: Position("", 0), "HISTORY_TRIMMED"),
            (lambda at: at._replace(revision=at.revision + 1), "AHEAD"),
            (lambda at: Position("other_7", at.revision), "NEW_EPOCH"),
            (lambda at: Position("other_7", at.revision + 9), "NEW_EPOCH"),
            (lambda at: Position("other_8", at.revision), "NEW_EPOCH"),
            (lambda _: Position("one", 3), "NEW_SEASON"),
            (lambda _: Position("one_6", 999), "NEW_SEASON"),
        ],
    )
    def test_elsewhere(self, after: Callable[[Position], Position], reason: str) -> None:
        """A reader at any other position is sent a snapshot that says why."""
        story = Story(10)
        for _ in range(6):
            story.season(None)
        reader = Reader(story.upstream, story.recent)
        for points in range(1, 70):
            story.push([Step("u0", points), Step("u1", points)])
        assert story.upstream.position.season == 7

        assert reader.resume(after(story.upstream.position))

        assert reader.reasons == {reason: 1}
        story.push([Step("u1", 1)])
        reader.read_all()
        reader.checker.assert_equals(story.upstream.read())

    @pytest.mark.parametrize("epoch", ["one", "other_2"])
    def test_later_position_is_waited_for(self, epoch: str) -> None:
        """A position later than the watch's, also one of a later season, is waited for at first."""
        story, reader, _ = self.story()
        later = Position(epoch, story.upstream.position.revision + 1)
        assert not reader.resume(later, patient=True)
        assert reader.resume(later)
        due = "AHEAD" if epoch == "one" else "NEW_EPOCH"
        assert reader.reasons == {"INITIAL": 1, due: 1}


class TestCatchingUp:
    """Readers that are behind."""

    @settings(deadline=None)
    @given(
        rules=rules,
        limit=st.integers(2, 8),
        made=st.lists(st.lists(steps, min_size=1, max_size=3), min_size=2, max_size=5),
    )
    def test_merges_changes_of_every_kind(
        self, rules: Rules, limit: int, made: list[list[Step]]
    ) -> None:
        """One message with all changes leads to the same board, whatever they are."""
        story = Story(limit, rules)
        reader = story.readers[0]
        for each in made:
            story.push(each)
        reader.read_all()
        reader.checker.assert_equals(story.upstream.read())
        assert reader.reasons == {"INITIAL": 1}

    def test_removes_a_row_that_was_pushed_out_before(self) -> None:
        """A user that was pushed out of the rows and then removed leaves with one message."""
        story = Story(5)
        reader = story.readers[0]
        story.push([Step("u5", 9)])
        story.push([Step("u0", 0, act=Act.REMOVE), Step("u1", 0, act=Act.REMOVE)])
        assert reader.read()
        assert reader.reasons == {"INITIAL": 1}
        reader.checker.assert_equals(story.upstream.read())

    def test_user_that_was_removed_returns_as_a_new_one(self) -> None:
        """The row of a user that was removed and is there again has nothing of the one before."""
        story = Story(10)
        reader = story.readers[0]
        story.push([Step("u4", 0, act=Act.REMOVE)])
        story.push([Step("u4", 2)])
        story.push([Step("u4", 1)])
        assert reader.read()
        removal, arrival = reader.checker.changes
        assert (removal.removed, removal.previous_place) == (True, 1)
        assert (arrival.previous_place, arrival.previous_rank, arrival.points) == (0, 0, 3)

    def test_merges_changes_of_one_user(self) -> None:
        """The points of several changes are one sum, from the first place to the last."""
        story = Story(10)
        reader = story.readers[0]
        for _ in range(4):
            story.push([Step("u0", 1)])
        assert reader.read()
        (change,) = reader.checker.changes
        assert (change.points, change.previous_place, change.user.place) == (4, 5, 2)
        assert not reader.read()

    def test_names_the_latest_reason(self) -> None:
        """A reader that missed an update of the contest is sent the board with that reason."""
        story = Story(10)
        reader = story.readers[0]
        story.trim(None)
        story.update(None)
        story.push([Step("u0", 1)])
        assert reader.read()
        assert reader.reasons == {"INITIAL": 1, "CONTEST_UPDATED": 1}
        assert not reader.read()

    def test_sends_a_snapshot_of_many_changes(self) -> None:
        """A reader that missed more changes than a snapshot has rows is sent the snapshot."""
        story = Story(2)
        reader = story.readers[0]
        for _ in range(41):
            story.push([Step("u3", 1)])
        assert reader.read()
        assert reader.reasons == {"INITIAL": 1, "LAGGED": 1}
        assert story.instruments.snapshots[SnapshotReason.LAGGED].value == 1

    @pytest.mark.parametrize(("max_bytes", "reason"), [(10**7, None), (10**5, "LAGGED")])
    def test_keeps_bounded_memory(self, max_bytes: int, reason: str | None) -> None:
        """Of large messages only as many are kept as the memory allows."""
        story = Story(10, max_bytes=max_bytes)
        reader = story.readers[0]
        for _ in range(10):
            story.push([Step("u0", 1, "x" * 10_000)])
        assert reader.read()
        assert reader.reasons == {"INITIAL": 1} | ({reason: 1} if reason else {})
        reader.checker.assert_equals(story.upstream.read())
