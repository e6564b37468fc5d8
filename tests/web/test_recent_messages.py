"""Recent messages: what readers of any speed are sent, and those that resume."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.plain_board import Act, Step
from harness.strategies import rules
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import Rules
from web.watch_story import Reader, Story, steps

kinds = (
    *["push"] * 10,
    *["read", "read_all", "resume"] * 2,
    *("commit", "join", "progress", "update", "trim", "season", "epoch", "drain", "wait"),
)
operations = st.lists(
    st.tuples(st.sampled_from(kinds), st.lists(steps, min_size=1, max_size=4), st.integers(0, 3)),
    max_size=50,
)


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
        """At such a position of another gateway there may have been other rows for a moment."""
        story = Story(2)
        begun = story.upstream.position
        story.upstream.commit(Step("u0", 9, "Ada"))
        between = Reader(story.upstream, story.recent)
        at = begun._replace(revision=begun.revision + 1)
        story.push([Step("u0", -9, "")])
        assert at.revision < story.upstream.position.revision
        assert between.resume(at)
        between.read_all()
        between.checker.assert_equals(story.upstream.read())
        assert between.reasons == {"AHEAD": 1}
        story.push([Step("u4", 1)])
        between.read_all()
        between.checker.assert_equals(story.upstream.read())

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

    def test_old_messages_are_not_kept(self) -> None:
        """What is half a minute old is gone with the next message: it may name an erased user."""
        story, reader, positions = self.story()
        story.push([Step("u1", 0, act=Act.REMOVE)])
        for _ in range(3):
            story.wait(None)
            story.progress(None)

        assert reader.resume(positions[-2])

        assert reader.reasons == {"INITIAL": 1, "HISTORY_TRIMMED": 1}
        reader.checker.assert_equals(story.upstream.read())

    @pytest.mark.parametrize("epoch", ["one", "other_2"])
    def test_later_position_is_waited_for(self, epoch: str) -> None:
        """A position later than the watch's, also one of a later season, is waited for at first."""
        story, reader, _ = self.story()
        later = Position(epoch, story.upstream.position.revision + 1)
        assert not reader.resume(later, may_wait=True)
        assert reader.resume(later)
        due = "AHEAD" if epoch == "one" else "NEW_EPOCH"
        assert reader.reasons == {"INITIAL": 1, due: 1}
