"""Merges changes for one limit in plain Python: what the changes of each limit must be."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.rules import RankStyle


def plain_merge(
    old: Sequence[RankedUser],
    new: Sequence[RankedUser],
    limit: int,
    commits: Iterable[Commit],
    style: RankStyle,
    *,
    known: bool = True,
) -> tuple[ScoreChange, ...]:
    """
    Return changes that turn the rows `old` into `new`.

    Args:
        old: The first ranks, up to `limit`, that the watcher has.
        new: The same at a later position.
        limit: The number of watched ranks.
        commits: All commits between the two positions.
        style: Of the ranks: ordinal ones are those where a row is inserted, shared ones the final
            ones.
        known: Whether the rows that the watcher has are known; if not, `old` is empty.
    """

    def placed(user: RankedUser, place: int) -> RankedUser:
        return user._replace(rank=place if style is RankStyle.ORDINAL else user.rank, place=place)

    removals, own = _by_user(commits)
    changed = {user_id: _merged(changes) for user_id, changes in own.items()}
    rows = [user.user_id for user in old]
    changes = [change for change in removals.values() if change.previous_place and not known]
    after = {user.user_id for user in new}
    # Users that left by a change of their own go first; users pushed out are cut off at the end.
    for user in old:
        if user.user_id in removals:
            rows.remove(user.user_id)
            changes.append(removals[user.user_id])
        elif user.user_id not in after and (change := changed.get(user.user_id)):
            rows.remove(user.user_id)
            below = max(change.user.place, limit + 1)  # where others pushed it out afterwards
            changes.append(change._replace(user=placed(change.user, below)))
    before = set(rows)
    for index, user in enumerate(new):
        if user.user_id in before and user.user_id not in changed:
            continue
        change = changed.get(user.user_id) or ScoreChange(user, 0, 0, 0, "", None)
        if user.user_id in rows:
            rows.remove(user.user_id)
        at = rows.index(new[index - 1].user_id) + 1 if index else 0
        rows.insert(at, user.user_id)
        changes.append(change._replace(user=placed(user, at + 1)))
        del rows[limit:]
    return tuple(changes)


def _by_user(
    commits: Iterable[Commit],
) -> tuple[dict[str, ScoreChange], dict[str, list[ScoreChange]]]:
    """Return the first removal of each user, and the changes since the last removal of each."""
    own = defaultdict[str, list[ScoreChange]](list)
    removals: dict[str, ScoreChange] = {}
    for commit in commits:
        for each in commit.changes:
            user_id = each.user.user_id
            own[user_id].append(each)
            if each.removed:
                removal = _merged(own.pop(user_id))._replace(points=0)
                removals.setdefault(user_id, removal)
    return removals, own


def _merged(changes: Sequence[ScoreChange]) -> ScoreChange:
    """Merge the changes of one user: the first rank before, the sum of points, the last event."""
    points = sum(change.points for change in changes)
    first, last = changes[0], changes[-1]
    return last._replace(
        previous_rank=first.previous_rank, previous_place=first.previous_place, points=points
    )
