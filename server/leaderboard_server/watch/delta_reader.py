"""Reads the deltas of one view from the recent commits: from a position on, at a pace."""

import asyncio
import contextlib
import copy
import math
from typing import Self

from leaderboard_server.domain.position import BEGINNING
from leaderboard_server.domain.watch import EndReason, SnapshotReason
from leaderboard_server.watch.recent_commits import RecentCommits
from leaderboard_server.watch.views import Delta, View

_PACES = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_SHORTEST_PACE_S = 0.01


def pace_of(min_interval_s: float) -> float:
    """Return the pace of a watcher: its minimal interval, rounded up by up to a third.

    However many intervals are asked for, watchers then have few paces, so they can share messages.
    """
    if not min_interval_s:
        return 0.0
    interval_s = max(min_interval_s, _SHORTEST_PACE_S)
    power = 10.0 ** math.floor(math.log10(interval_s))
    paces = (round(power * pace, 9) for pace in _PACES)
    return next((pace for pace in paces if pace >= interval_s), interval_s)


class DeltaReader:
    """A position among the recent commits, with the rows that a view had there."""

    def __init__(self, view: View, recent: RecentCommits, draining: asyncio.Event) -> None:
        self.view = view
        self.position = BEGINNING
        """The position up to which all commits were processed."""
        self.paused_until = 0.0
        """The loop's time before which no delta is read."""
        self._pausing = False
        """Whether the last poll was within the pause, so that it did not look for commits."""
        self._recent = recent
        self._draining = draining
        self._deletions = recent.deletions

    def clone(self) -> Self:
        """Return another reader at the same state."""
        other = copy.copy(self)
        other.view = copy.copy(self.view)
        return other

    async def poll(self) -> Delta | SnapshotReason | EndReason | None:
        """Return the next delta, or the reason why another message comes in its place.

        None means that nothing is due: there are no new commits, or the reader pauses.
        """
        if end := self._end():
            return end
        before, recent = self.position, self._recent
        if before != BEGINNING and before.epoch != recent.position.epoch:
            return SnapshotReason.NEW_EPOCH
        self._pausing = asyncio.get_running_loop().time() < self.paused_until
        if self._pausing:
            return None
        if not recent.covers(before):
            return recent.reset_reason
        delta = await self.view.next_delta(recent, before)
        if delta:
            self.position = delta.position
        return delta

    def _end(self) -> EndReason | None:
        """Return the reason why the watch ends now, if there is one."""
        if self._draining.is_set():
            return EndReason.DRAINING
        if self._deletions != self._recent.deletions:
            return EndReason.CONTEST_DELETED
        return EndReason.CONTEST_OVER if self._recent.over_at(self.position) else None

    async def wait(self, version: int, until: float) -> None:
        """Wait after a poll, until a commit comes, the pause or the time is over, or it may end."""
        with contextlib.suppress(TimeoutError):
            if self._pausing:
                async with asyncio.timeout_at(min(until, self.paused_until)):
                    await self._recent.wait_for_interrupt()
            else:
                async with asyncio.timeout_at(until):
                    await self._recent.wait_for_change(version)
