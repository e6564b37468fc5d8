"""Merges the changes between two states of a board into the fewest that lead from one to the other.

A watcher applies each change in three steps: remove the user's row, insert it at its place, cut the
board to the limit. Rows are inserted from the first place on, after all removals; so a row that is
inserted has above it the rows of the later state, and those that still have to move down.

The changes of several messages one after the other would not do: where a contest shares ranks, each
row has its rank after all changes of a message, which must not be worse than its place.
"""

from collections.abc import Iterable, Sequence

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.results import RankedUser

_History = list[pb.ScoreChange]
"""The changes of one user, in order."""


def merged_changes(
    old: Sequence[RankedUser],
    new: Sequence[RankedUser],
    changes: Iterable[pb.ScoreChange],
    limit: int,
    *,
    shared_ranks: bool,
) -> list[pb.ScoreChange]:
    """Return the changes that turn the rows `old` into `new`; none if no row has changed.

    Args:
        old: The rows that the watcher holds.

        new: The rows after the changes.

        changes: All changes of the messages between the two states, in order.

        limit: The number of watched rows.

        shared_ranks: Whether equal scores share a rank.
    """
    histories: dict[str, _History] = {}
    for change in changes:
        histories.setdefault(change.user.user_id, []).append(change)
    held = {row.user_id: row for row in old}
    merged = list(_departures(held, new, histories, limit, shared_ranks=shared_ranks))
    for change in merged:
        del held[change.user.user_id]
    merged += _arrivals(held, new, histories, shared_ranks=shared_ranks)
    return merged


def _arrivals(
    held: dict[str, RankedUser],
    new: Sequence[RankedUser],
    histories: dict[str, _History],
    *,
    shared_ranks: bool,
) -> Iterable[pb.ScoreChange]:
    """Yield the changes of rows that have one of their own, from the first place on.

    Args:
        held: The rows that the watcher holds, best first, without those that left.

        new: The rows after the changes.

        histories: All changes by user.

        shared_ranks: Whether equal scores share a rank.
    """
    rows = list(held)
    place = 0
    for row in new:
        history = histories.get(row.user_id)
        if history is None:
            place = rows.index(row.user_id, place) + 1
            continue
        if row.user_id in held:
            index = rows.index(row.user_id)
            del rows[index]
            place -= index < place
        rows.insert(place, row.user_id)
        place += 1
        rank = row.rank if shared_ranks else place
        yield _arrival(row, held.get(row.user_id), history, place, rank)


def _departures(
    held: dict[str, RankedUser],
    new: Sequence[RankedUser],
    histories: dict[str, _History],
    limit: int,
    *,
    shared_ranks: bool,
) -> Iterable[pb.ScoreChange]:
    """Yield the changes of rows that left, but for those that were only pushed out."""
    staying = {row.user_id for row in new}
    has_all = len(new) < limit  # so a user who is not there was removed, maybe after it was cut off
    for user_id, row in held.items():
        history = histories.get(user_id, ())
        gone = has_all and user_id not in staying
        if gone or any(change.removed for change in history):
            yield pb.ScoreChange(
                user=pb.RankedUser(user_id=user_id),
                previous_rank=row.rank,
                previous_place=row.place,
                removed=True,
            )
        elif history and user_id not in staying:
            user = pb.RankedUser()
            user.CopyFrom(history[-1].user)
            user.place = max(user.place, limit + 1)  # others may have pushed it out afterwards
            if not shared_ranks:
                user.rank = user.place
            yield _change(user, row, user.score - row.score, history)


def _arrival(
    row: RankedUser, before: RankedUser | None, history: _History, place: int, rank: int
) -> pb.ScoreChange:
    """Return the change of a row of the board, inserted at a place.

    Args:
        row: The row.

        before: The row of the same user that the watcher holds; None if there is none.

        history: The changes of the user.

        place: The place at which the row is inserted.

        rank: The rank to show.
    """
    removals = [number for number, change in enumerate(history) if change.removed]
    history = history[removals[-1] + 1 :] if removals else history
    user = pb.RankedUser(
        user_id=row.user_id,
        score=row.score,
        rank=rank,
        display_name=row.display_name,
        place=place,
        attributes=row.attributes,
    )
    if before:
        return _change(user, before, row.score - before.score, history)
    first = history[0]
    points = row.score - first.user.score + first.points
    return _change(user, next(filter(_is_own, history), first), points, history)


def _change(
    user: pb.RankedUser,
    before: RankedUser | pb.ScoreChange,
    points: int,
    history: _History,
) -> pb.ScoreChange:
    """Return a merged change, with the last event.

    Args:
        user: The row after it.

        before: The row before it; if the watcher has none, the first change.

        points: The difference of the scores.

        history: The changes that are merged.
    """
    change = pb.ScoreChange(user=user, points=points)
    if isinstance(before, RankedUser):
        change.previous_rank, change.previous_place = before.rank, before.place
    else:
        change.previous_rank, change.previous_place = before.previous_rank, before.previous_place
    last = next(filter(_is_own, reversed(history)), history[-1])
    change.event_type = last.event_type
    if last.HasField("event_time"):
        change.event_time.CopyFrom(last.event_time)
    return change


def _is_own(change: pb.ScoreChange) -> bool:
    """Return whether a change is of the user itself; others only show a row that moved up."""
    return bool(change.previous_place or change.points or change.event_type)
