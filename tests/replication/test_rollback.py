"""Rollback detection: commits and logs that show a store was rolled back to an older copy."""

import pytest

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.replication import rollback
from leaderboard_server.replication.rollback import RollbackDetector
from leaderboard_server.storage.store import History
from replication.following import commit

HERE = Position("e", 3)


def history(*commits: Commit, before: Commit | None = None, epoch: str = "e") -> History:
    """Return commits in the form that a log has."""
    end = commits[-1].position if commits else before.position if before else Position(epoch, 9)
    return History(list(commits), Position(epoch, end.revision), before)


@pytest.mark.parametrize(
    ("seen", "diverged"),
    [
        (history(commit(4), before=commit(3)), False),
        (history(commit(4), before=commit(3, points=2)), True),
        (history(commit(4), before=commit(2, 3)), True),
        (history(before=commit(3)), False),
        (history(commit(4)), False),
        (history(commit(3, 4)), True),
        (history(commit(1, 9, epoch="f"), epoch="f"), False),
        (history(commit(4), before=commit(3, points=2, epoch="d")), False),
    ],
    ids=[
        "the same commit at the position",
        "another commit at the position",
        "a longer commit up to the position",
        "nothing after the position",
        "trimmed",
        "a commit that spans the position",
        "another epoch",
        "the last commit of an earlier epoch",
    ],
)
@pytest.mark.parametrize("received", [True, False], ids=["received", "read"])
def test_another_history_is_detected(seen: History, *, diverged: bool, received: bool) -> None:
    """Another commit at the position shows it, whether the known one was received or read."""
    detector = RollbackDetector()
    if received:
        detector.observe_commit(commit(3))
    else:
        detector.start_after(commit(3))
    assert detector.diverged(seen, HERE) is diverged


def test_unknown_commit_at_the_position_fits_any_log() -> None:
    """If the commit is not known, only one that spans the position shows a rollback."""
    detector = RollbackDetector()
    detector.start_after(None)
    assert not detector.diverged(history(commit(4), before=commit(3)), HERE)
    assert detector.diverged(history(commit(2, 4)), HERE)


def test_received_commit_is_not_replaced_by_the_log() -> None:
    """Another commit in the log doesn't become the known one."""
    detector = RollbackDetector()
    detector.observe_commit(commit(3))
    detector.start_after(commit(3, points=2))
    assert detector.diverged(history(before=commit(3, points=2)), HERE)


def test_new_history_begins_with_nothing_known() -> None:
    """Commits of the lost history are not compared with the new one."""
    detector = RollbackDetector()
    detector.observe_commit(commit(3))
    detector.reset()
    assert not detector.diverged(history(before=commit(3, points=2)), HERE)


class TestReusedRevisions:
    """Messages with revisions that are already known."""

    def test_message_of_an_own_commit_is_expected_once(self) -> None:
        """A second message shows that the store was rolled back."""
        detector = RollbackDetector()
        own = commit(4)
        detector.expect_message(own)
        assert not detector.revision_reused(own, Position("e", 4))
        assert detector.revision_reused(own, Position("e", 4))

    def test_revisions_of_an_earlier_history_do_not_count(self) -> None:
        """In a new history, a reused revision is noticed that was expected in the one before."""
        detector = RollbackDetector()
        detector.allow_repeats(Position("d", 9))
        detector.expect_message(commit(4))
        detector.reset()
        assert detector.revision_reused(commit(4), Position("e", 4))

    def test_message_of_a_commit_that_was_read_may_still_come(self) -> None:
        """The message may be late and repeated."""
        detector = RollbackDetector()
        detector.allow_repeats(HERE)
        for _ in range(2):
            assert not detector.revision_reused(commit(3), HERE)
        assert detector.revision_reused(commit(4), Position("e", 4))

    def test_message_of_another_epoch_reuses_nothing(self) -> None:
        """Revisions are compared only within one epoch."""
        assert not RollbackDetector().revision_reused(commit(3, epoch="f"), HERE)

    def test_expected_messages_are_forgotten_once_repeats_are_allowed(self) -> None:
        """Own commits whose messages never arrive are dropped when repeats are allowed."""
        detector = RollbackDetector()
        for revision in range(1, 101):
            detector.expect_message(commit(revision))
        detector.allow_repeats(Position("e", 99))
        assert not detector.revision_reused(commit(50), Position("e", 100))
        assert detector.revision_reused(commit(100), Position("e", 100))

    def test_expected_messages_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """If too many messages are missing, repeats of the earliest ones are allowed."""
        monkeypatch.setattr(rollback, "MAX_EXPECTED", 3)
        detector = RollbackDetector()
        for revision in range(1, 6):
            detector.expect_message(commit(revision))
        for revision in (1, 4):
            for _ in range(2):
                assert not detector.revision_reused(commit(revision), Position("e", 5))
        assert not detector.revision_reused(commit(5), Position("e", 5))
        assert detector.revision_reused(commit(5), Position("e", 5))
