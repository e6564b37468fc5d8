"""Detects that a contest's log was rolled back or replaced since this server last read it.

A store that is restored from an older copy goes on in the same epoch and assigns revisions a second
time. A server that knows the commits of the lost history notices.
"""

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.storage.store import History

MAX_EXPECTED = 10_000
"""The maximum number of own commits whose messages are expected."""


class RollbackDetector:
    """Knows the latest commit of the followed history, and which known commits messages repeat."""

    def __init__(self) -> None:
        self._latest: Commit | None = None
        self._expected: set[int] = set()
        """Revisions of own commits that were passed on before their messages arrived."""
        self._repeats_up_to = 0
        """Messages up to this revision may arrive late, repeatedly or never."""

    def observe_commit(self, commit: Commit) -> None:
        """Record the next commit of the history."""
        self._latest = commit.as_logged()

    def start_after(self, commit: Commit | None) -> None:
        """Record the commit that the log holds at the position, unless one is known already."""
        if not self._latest:
            self._latest = commit

    def reset(self) -> None:
        """Forget the history: another one begins."""
        self._latest = None
        self._expected.clear()
        self._repeats_up_to = 0

    def expect_message(self, commit: Commit) -> None:
        """Record that an own commit was passed on before its message arrived."""
        if len(self._expected) >= MAX_EXPECTED:
            # No message arrives, as where the store's users may not publish.
            self.allow_repeats(commit.position)
        self._expected.add(commit.revision)

    def allow_repeats(self, position: Position) -> None:
        """Let messages up to a position arrive late, repeatedly or never."""
        self._expected.clear()
        self._repeats_up_to = position.revision

    def revision_reused(self, commit: Commit, position: Position) -> bool:
        """Return whether a message carries a known revision a second time.

        The message of an own commit is expected once; one of a commit that was read from the log
        may arrive after that. A deletion has no revision of its own.
        """
        if commit.epoch != position.epoch or not commit.size:
            return False
        if commit.revision in self._expected:
            self._expected.discard(commit.revision)
            return False
        return self._repeats_up_to < commit.revision <= position.revision

    def diverged(self, history: History, position: Position) -> bool:
        """Return whether a log can't be the one that led to a position.

        Then the store was rolled back and others wrote to it while this server received nothing:
        the log has another commit at the position, or one that spans it.
        """
        epoch, revision = position
        if history.position.epoch != epoch:
            return False
        if self._latest and history.before and history.before.epoch == self._latest.epoch:
            return history.before != self._latest
        return any(
            commit.epoch == epoch and commit.previous_revision < revision
            for commit in history.commits[:1]
        )
