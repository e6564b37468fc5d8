"""Writes of hidden users, which take revisions that no watcher sees."""

import pytest

from harness.plain_board import Act, Step
from leaderboard_server.domain.watch import WatchScope
from leaderboard_server.watch.views import CHANGES_AT_ONCE
from watch.in_memory_contest import InMemoryContest

HIDE = Step("bo", 0, act=Act.HIDE)
HIDDEN_WRITE = Step("bo", 1)


def test_memory_is_bounded() -> None:
    """However long a hidden user writes, as few commits are held as of other users."""
    contest = InMemoryContest(recent_changes=10)
    contest.commit(Step("ada", 5), Step("bo", 3))
    begin = contest.commit(HIDE)
    for _ in range(100):
        contest.commit(HIDDEN_WRITE)
    assert not contest.recent.covers(begin)
    held_after = contest.board.position.revision - 10
    assert len(contest.recent.commits_after(held_after)) == 10


@pytest.mark.parametrize("scope", WatchScope)
async def test_a_watch_moves_on_without_messages(
    contest: InMemoryContest, scope: WatchScope
) -> None:
    """Only its position moves, also over more writes than one message may have changes."""
    contest.commit(HIDE)
    watching = contest.watcher(scope=scope, user_ids=frozenset({"ada", "bo"}))
    await watching.start()
    for _ in range(CHANGES_AT_ONCE + 1):
        contest.commit(HIDDEN_WRITE)
    assert await watching.poll() is None
    assert watching.progress().position == contest.board.position


@pytest.mark.parametrize("skipped", range(4))
def test_a_commit_is_cut_at_any_revision(contest: InMemoryContest, skipped: int) -> None:
    """A watcher that has a part of a commit gets the changes of the revisions after it."""
    begin = contest.commit(HIDE).revision
    contest.commit(HIDDEN_WRITE, Step("ada", 1), HIDDEN_WRITE, Step("cy", 1))
    (commit,) = contest.recent.commits_after(begin + skipped)
    users = [change.user.user_id for change in commit.changes]
    assert users == (["ada", "cy"] if skipped < 2 else ["cy"])
    assert commit.unseen == tuple(at for at in (begin + 1, begin + 3) if at > begin + skipped)
    assert commit.size == 4 - skipped
