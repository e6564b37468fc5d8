"""Readers that are behind: what they are sent in place of many messages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.plain_board import Act, Step
from harness.strategies import rules
from leaderboard_server.domain.rules import Rules
from leaderboard_server.domain.watch import SnapshotReason
from web.watch_story import Story, steps


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
