"""Whether what is heard of a contest belongs to the history that was heard before.

A store that was put back to an older copy goes on with the same epoch, and gives revisions a second
time. A server that knows the first ones notices.
"""

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.storage.store import History

MAX_OFFERED = 10_000
"""How many own commits may be on their way back through the link."""


class RollbackDetector:
    """What one stream knows of the history that it follows."""

    def __init__(self) -> None:
        self._latest: Commit | None = None
        self._offered: set[int] = set()
        """The own commits that were taken in before they came through the link."""
        self._filled_up_to = 0
        """Up to where commits may come through the link though they are known already."""

    def begin(self, history: History) -> None:
        """Go on from a position that was only read: with the commit there, if there is one."""
        if not self._latest:
            self._latest = history.before

    def forget(self) -> None:
        """Know nothing: another history begins."""
        self._latest = None

    def follow(self, commit: Commit) -> None:
        """Take in the next commit."""
        self._latest = commit

    def expect_echo(self, commit: Commit) -> None:
        """Take in that a commit was followed before the link told it."""
        if len(self._offered) >= MAX_OFFERED:
            self.settle(commit.position)  # the link is silent, as where publishing is forbidden
        self._offered.add(commit.revision)

    def settle(self, position: Position) -> None:
        """Expect nothing of what lies before a position: it may still come, or never."""
        self._offered.clear()
        self._filled_up_to = position.revision

    def revision_reused(self, commit: Commit, position: Position) -> bool:
        """Tell whether a revision is given a second time.

        An own commit is heard after it was offered, and one from the log may be heard after that.
        """
        if commit.epoch != position.epoch:
            return False
        if commit.revision in self._offered:
            self._offered.discard(commit.revision)
            return False
        return self._filled_up_to < commit.revision <= position.revision

    def diverged(self, history: History, position: Position) -> bool:
        """Tell whether a log can't be the one that led to a position.

        Then the store went back, and others moved it on while this server heard nothing: there is
        another commit at this position, or one that passes over it.
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
