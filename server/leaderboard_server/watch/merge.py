"""From one state of the first ranks to a later one, as changes that a watcher can apply.

A watcher applies each change with: take the user's row out, put it in at its rank if that is within
the limit, cut to the limit. So each rank told here is the one at which the row goes in when the
changes before it were applied.
"""

from collections.abc import Iterable, Sequence

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange


def merge(
    old: Sequence[RankedUser], new: Sequence[RankedUser], limit: int, commits: Iterable[Commit]
) -> tuple[ScoreChange, ...]:
    """Return changes that turn the rows `old` into `new`.

    Args:
        old: The first ranks, up to `limit`, as the watcher holds them.

        new: The same at a later position.

        limit: How many ranks the watcher watches.

        commits: All commits from the one position to the other.
    """
    told = _by_user(commits)
    rows = [user.user_id for user in old]
    before, after = set(rows), {user.user_id for user in new}
    changes = []
    # Who left by a change of the own goes first; who was only pushed out is cut off at the end.
    for user in old:
        if user.user_id not in after and (change := told.get(user.user_id)):
            rows.remove(user.user_id)
            changes.append(change._replace(user=_below(change.user, limit)))
    for index, user in enumerate(new):
        if user.user_id in before and user.user_id not in told:
            continue
        change = told.get(user.user_id) or ScoreChange(user, 0, 0, "", None)
        if user.user_id in rows:
            rows.remove(user.user_id)
        at = rows.index(new[index - 1].user_id) + 1 if index else 0
        rows.insert(at, user.user_id)
        changes.append(change._replace(user=user._replace(rank=at + 1)))
        del rows[limit:]
    return tuple(changes)


def _by_user(commits: Iterable[Commit]) -> dict[str, ScoreChange]:
    """Merge the changes of each user: the first rank before, the sum of points, the last event."""
    merged: dict[str, ScoreChange] = {}
    for commit in commits:
        for change in commit.changes:
            user_id = change.user.user_id
            earlier = merged.get(user_id)
            merged[user_id] = (
                change
                if earlier is None
                else change._replace(
                    previous_rank=earlier.previous_rank, points=earlier.points + change.points
                )
            )
    return merged


def _below(user: RankedUser, limit: int) -> RankedUser:
    """Keep a rank below the limit, where others moved the user out after the own change."""
    return user if user.rank > limit else user._replace(rank=limit + 1)
