"""What one stream knows of its history, and by what it notices another one."""

import pytest

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.position import Position
from leaderboard_server.replication.rollback import RollbackDetector
from leaderboard_server.storage.store import History


def commit(first: int, last: int, points: int = 1, epoch: str = "e") -> Commit:
    """Return a commit of the revisions from `first` to `last`."""
    change = ScoreChange(RankedUser("ada", points, 1, ""), 0, points, "", None)
    changes = (change,) * (last - first + 1)
    return Commit("cup", epoch, first - 1, last, 1, changes)


def history(*commits: Commit, before: Commit | None = None, epoch: str = "e") -> History:
    """Return commits as they are read from a log."""
    end = commits[-1].position if commits else before.position if before else Position(epoch, 9)
    return History(list(commits), Position(epoch, end.revision), before)


HERE = Position("e", 3)


@pytest.mark.parametrize(
    ("seen", "diverged"),
    [
        (history(commit(4, 4), before=commit(3, 3)), False),
        (history(commit(4, 4), before=commit(3, 3, points=2)), True),
        (history(commit(4, 4), before=commit(2, 3)), True),
        (history(before=commit(3, 3)), False),
        (history(commit(4, 4)), False),
        (history(commit(3, 4)), True),
        (history(commit(1, 9, epoch="f"), epoch="f"), False),
        (history(commit(4, 4), before=commit(3, 3, 2, "d")), False),
    ],
    ids=[
        "the same commit here",
        "another commit here",
        "another one that ends here",
        "nothing more",
        "trimmed",
        "one that passes over",
        "another epoch",
        "the last one of an epoch before",
    ],
)
@pytest.mark.parametrize("heard", [True, False], ids=["heard", "read"])
def test_another_history_is_noticed(seen: History, *, diverged: bool, heard: bool) -> None:
    """By the commit at the position, whether that was heard or only read when it was taken."""
    detector = RollbackDetector()
    if heard:
        detector.observe_commit(commit(3, 3))
    else:
        detector.start_after(commit(3, 3))
    assert detector.diverged(seen, HERE) is diverged


def test_a_position_that_nothing_is_known_of_fits_any_commit() -> None:
    """Where the log lost the commit, and none was heard, only one that passes over is another."""
    detector = RollbackDetector()
    detector.start_after(None)
    assert not detector.diverged(history(commit(4, 4), before=commit(3, 3)), HERE)
    assert detector.diverged(history(commit(2, 4)), HERE)


def test_what_was_heard_is_not_taken_back_by_what_is_read() -> None:
    """A log that tells another commit doesn't become the known one."""
    detector = RollbackDetector()
    detector.observe_commit(commit(3, 3))
    detector.start_after(commit(3, 3, points=2))
    assert detector.diverged(history(before=commit(3, 3, points=2)), HERE)


def test_a_new_history_begins_with_nothing_known() -> None:
    """What was known of the lost one doesn't count against it."""
    detector = RollbackDetector()
    detector.observe_commit(commit(3, 3))
    detector.reset()
    assert not detector.diverged(history(before=commit(3, 3, points=2)), HERE)


class TestRepeated:
    """Revisions that come through the link though they are known."""

    def test_an_own_commit_is_heard_once(self) -> None:
        """After it was offered; a second time means that the store went back."""
        detector = RollbackDetector()
        own = commit(4, 4)
        detector.expect_message(own)
        assert not detector.revision_reused(own, Position("e", 4))
        assert detector.revision_reused(own, Position("e", 4))

    def test_what_was_read_from_the_log_may_still_come(self) -> None:
        """Late, and as often as it likes."""
        detector = RollbackDetector()
        detector.allow_repeats(HERE)
        for _ in range(2):
            assert not detector.revision_reused(commit(3, 3), HERE)
        assert detector.revision_reused(commit(4, 4), Position("e", 4))

    def test_nothing_offered_is_kept_for_ever(self) -> None:
        """Own commits that never come through the link are forgotten once all is known."""
        detector = RollbackDetector()
        for revision in range(1, 100):
            detector.expect_message(commit(revision, revision))
        detector.allow_repeats(Position("e", 99))
        assert not detector._expected
        assert not detector.revision_reused(commit(50, 50), Position("e", 99))
