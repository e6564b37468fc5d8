"""Merges changes: from one state of the first ranks to a later one, once for watchers of any limit.

A watcher applies each change as: remove the user's row, insert it at its place if that is within
the limit, cut to the limit. So each place in a merged change is the one at which the row is
inserted after the changes before it. The rank is the same; where ranks are shared it is that of the
later state. A row that left the board is removed only, before all others are inserted.

The order of users without a change of their own stays the same. So all that the changes of a limit
depend on are the places of the changed users, and the work for one more limit is small.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from leaderboard_server.domain.board import Page, RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.rules import RankStyle

CACHED_CHANGES = 4_000
"""Changes that one merge keeps for later watchers of their limits, 1 MB at most."""
_ABSENT = 2**31
"""The place of a user that is below all known rows, or has none."""


class Rows:
    """The first rows of a contest at some position, with the place of each user."""

    def __init__(self, page: Page, depth: int) -> None:
        """Hold the rows of a page: all of the first `depth` rows that exist."""
        self.users = page.users
        self.depth = depth
        self.shared_ranks = page.rules.rank_style is not RankStyle.ORDINAL

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each user, from 1."""
        return {user.user_id: place for place, user in enumerate(self.users, 1)}


class _Move(NamedTuple):
    """A user with a change of its own, and its places before and after."""

    new: int
    old: int
    change: ScoreChange
    unchanged_above: int = 0
    """The number of users without a change that were above it before."""


class Merge:
    """The changes between two states of the first ranks."""

    def __init__(self, old: Rows | None, new: Rows, commits: Iterable[Commit]) -> None:
        """Merge all commits between the two states.

        Args:
            old: The rows that the watchers have; None if these are not known, so that all rows of
                the later state are among the changes.

            new: The rows at the later position.

            commits: All commits between the two positions.
        """
        places = old.places if old else {}
        self._old_size, self._new = len(places), new
        removals, changes = _by_user(commits)
        # A watcher whose rows are not known may hold each row that was there before.
        self._removals = () if old else tuple(filter(_was_there, removals.values()))
        moves = [
            _Move(_ABSENT, places.get(user_id, _ABSENT), change)
            for user_id, change in removals.items()
        ]
        # A user that was removed and is there again has a new row.
        moves += [
            _Move(
                new.places.get(user_id, _ABSENT),
                _ABSENT if user_id in removals else places.get(user_id, _ABSENT),
                change,
            )
            for user_id, change in changes.items()
        ]
        departures = sorted((m for m in moves if m.old != _ABSENT), key=lambda move: move.old)
        self._departures = [
            move._replace(unchanged_above=move.old - 1 - number)
            for number, move in enumerate(departures)
        ]
        above = {move.old: move.unchanged_above for move in self._departures}
        self._arrivals = sorted(
            move._replace(unchanged_above=above.get(move.old, 0))
            for move in moves
            if move.new != _ABSENT
        )
        self._old_places = [move.old for move in self._departures]
        self._new_places = [move.new for move in self._arrivals]
        self._steps = sorted({*self._old_places, *self._new_places})
        self._by_step: dict[int, tuple[ScoreChange, ...]] = {}
        """The changes of all limits between two steps, where these don't differ."""
        self._by_limit: dict[int, tuple[ScoreChange, ...]] = {}
        self._cached = 0
        """The number of changes in both."""

    def changes(self, limit: int) -> tuple[ScoreChange, ...]:
        """Return the changes for watchers of a limit, up to the depth of the rows."""
        step = bisect_right(self._steps, limit)
        found = self._by_step.get(step)
        if found is None:
            found = self._by_limit.get(limit)
        if found is None:
            found = tuple(self._cut(limit))
            self._keep(found, limit, step)
        return found

    def _keep(self, changes: tuple[ScoreChange, ...], limit: int, step: int) -> None:
        if self._cached + len(changes) > CACHED_CHANGES:
            return
        self._cached += len(changes)
        if self._same_between_steps(limit, step):
            self._by_step[step] = changes
        else:
            self._by_limit[limit] = changes

    def _cut(self, limit: int) -> Iterator[ScoreChange]:
        yield from self._removals
        # Users that left by a change of their own go first; those pushed out are cut off last.
        for move in self._departures[: bisect_right(self._old_places, limit)]:
            if move.change.removed:
                yield move.change
            elif move.new > limit:
                yield move.change._replace(user=self._below(move.change.user, limit))
        arrivals = self._arrivals[: bisect_right(self._new_places, limit)]
        kept = self._unchanged_before(limit)
        # Rows that are still at their places of before, as the users without change above each.
        waiting = sorted(move.unchanged_above for move in arrivals if move.old <= limit)
        changes = {move.new: move for move in arrivals}
        # Users that moved up to within the limit without a change are the last of their kind.
        entered = self._entered(limit, changes)
        for place in sorted([*changes, *entered]):
            user = self._new.users[place - 1]
            arrival = changes.get(place)
            if arrival:
                if arrival.old <= limit:
                    del waiting[bisect_left(waiting, arrival.unchanged_above)]
                change, above = arrival.change, place - 1 - bisect_left(self._new_places, place)
            else:
                change, above = ScoreChange(user, 0, 0, 0, "", None), kept
            inserted = place + bisect_left(waiting, min(above, kept))
            yield change._replace(user=self._at(inserted, user))

    def _at(self, place: int, user: RankedUser) -> RankedUser:
        """Return a row with the place at which it is inserted."""
        return user._replace(place=place, rank=user.rank if self._new.shared_ranks else place)

    def _below(self, user: RankedUser, limit: int) -> RankedUser:
        """Keep the place below the limit, where others pushed the user out after its own change."""
        return user if user.place > limit else self._at(limit + 1, user)

    def _unchanged_before(self, limit: int) -> int:
        """Return how many users without a change were within the limit before."""
        return min(limit, self._old_size) - bisect_right(self._old_places, limit)

    def _unchanged_after(self, limit: int) -> int:
        """Return how many users without a change are within the limit now."""
        return min(limit, len(self._new.users)) - bisect_right(self._new_places, limit)

    def _entered(self, limit: int, changes: dict[int, _Move]) -> list[int]:
        """Return the places of users that moved up to within the limit without a change."""
        missing = self._unchanged_after(limit) - self._unchanged_before(limit)
        places: list[int] = []
        place = min(limit, len(self._new.users))
        while len(places) < missing:
            if place not in changes:
                places.append(place)
            place -= 1
        return places

    def _same_between_steps(self, limit: int, step: int) -> bool:
        """Return whether the changes of a limit are those of each limit between two steps."""
        smallest = self._steps[step - 1] if step else 1
        largest = self._steps[step] - 1 if step < len(self._steps) else self._new.depth
        # Between these two limits, the number of users that entered rises or falls only.
        if any(
            self._unchanged_after(each) > self._unchanged_before(each)
            for each in (smallest, largest)
        ):
            return False
        left = self._departures[: bisect_right(self._old_places, limit)]
        return all(m.change.removed or m.change.user.place > largest for m in left if m.new > limit)


def _by_user(
    commits: Iterable[Commit],
) -> tuple[dict[str, ScoreChange], dict[str, ScoreChange]]:
    """Merge the changes of each user: the first row before, the sum of points, the last event.

    Returns:
        The first removal of each user whose row left the board, with the changes before it; and
        the changes of the users that are there now, since their last removal.
    """
    removals: dict[str, ScoreChange] = {}
    merged: dict[str, ScoreChange] = {}
    for commit in commits:
        for change in commit.changes:
            user_id = change.user.user_id
            if earlier := merged.pop(user_id, None):
                change = change._replace(  # noqa: PLW2901
                    previous_rank=earlier.previous_rank,
                    previous_place=earlier.previous_place,
                    points=0 if change.removed else earlier.points + change.points,
                )
            if change.removed:
                removals.setdefault(user_id, change)
            else:
                merged[user_id] = change
    return removals, merged


def _was_there(change: ScoreChange) -> bool:
    return change.previous_place > 0
