"""Keeps one contest's top window up to date: filled from the store, moved by its log follower."""

from collections.abc import Callable

import structlog

from leaderboard_server.board.row_queue import RowQueues
from leaderboard_server.board.season_end import SeasonEnd
from leaderboard_server.board.top_window import SPARE, TopWindow
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.contest_reader import ContestReader
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.store import Store
from leaderboard_server.tasks import SingleFlight

_log = structlog.get_logger()

FILLS = 3
"""Fills that are tried while the contest moves on during each; after these the caller reads the
store instead."""


class LiveBoard:
    """Reads the first ranks of one contest. Implements `log_reader.Observer`."""

    def __init__(
        self,
        contest_id: str,
        depth: int,
        store: Store,
        followers: LogFollowers,
        fills: RowQueues,
        contests: ContestReader,
        invalidate: Callable[[str], None],
    ) -> None:
        """Take the parts.

        Args:
            contest_id: The contest.

            depth: How many ranks the window holds.

            store: The store.

            followers: Deliver the commits that move the window.

            fills: The queues of all windows that are read from the store.

            contests: Reads the contest at the end of its season.

            invalidate: Called whenever a page that was read is stale.
        """
        self._contest_id = contest_id
        self._depth = depth
        self._store = store
        self._followers = followers
        self._fills = fills
        self._season_end = SeasonEnd(contest_id, contests, self._on_season_over)
        self._invalidate = invalidate
        self._follower: LogFollower | None = None
        self._window: TopWindow | None = None
        self._why_empty = "not read before"
        """The reason why there is no window, for the log of the server."""
        self._commits_during_read: list[Commit] | None = None
        """None unless the window is being read from the store, and what is read is of use."""
        self._filling = SingleFlight(self._fill, name="fill-window")
        self.recently_used = False
        """Whether it was used since the last sweep."""
        self.closed = False
        """Whether this board was evicted; another one takes its place."""

    @property
    def empty(self) -> bool:
        """Whether the window has to be filled before it can be read."""
        return self._window is None

    def read(self, start_place: int, count: int) -> Page | None:
        """Return ranks from the window, or None if it may be stale or doesn't hold them.

        It is current while the follower is live, in the epoch of the store's latest reply, and not
        behind what this server has acknowledged.
        """
        follower, window = self._follower, self._window
        if not follower or not follower.live or not window or not window.covers(start_place, count):
            return None
        page = window.read(start_place, count)
        if self._store.epoch_changed(self._contest_id, page.position):
            return None
        return page if page.position.reaches(follower.acked_position) else None

    def read_as_followed(self, start_place: int, count: int) -> Page | None:
        """Return ranks as of the followed commits, or None if the window doesn't hold them."""
        window = self._window
        if not window or not window.covers(start_place, count):
            return None
        return window.read(start_place, count)

    async def fill(self) -> None:
        """Read the window from the store, once for all callers.

        Raises:
            StoreUnavailable: The store is away, or the follower isn't live.
        """
        await self._filling.run()

    def close(self) -> None:
        """Stop following the contest, after the fill in flight if there is one."""
        self.closed = True
        self.on_stale()
        if not self._filling.running:
            self._release()

    def on_stale(self) -> None:
        """See `log_reader.Observer`."""
        self._invalidate(self._contest_id)

    def on_commit(self, commit: Commit) -> None:
        """See `log_reader.Observer`."""
        self.on_stale()
        if self._commits_during_read is not None:
            self._commits_during_read.append(commit)
        elif self._window and not _apply(self._window, commit):
            self._drop_window("too few rows left")

    def on_restart(self, _position: Position, reason: SnapshotReason) -> None:
        """See `log_reader.Observer`."""
        self._drop_window(reason.name)
        self.on_stale()

    def on_deleted(self) -> None:
        """See `log_reader.Observer`."""
        self._commits_during_read = None
        self._drop_window("contest deleted")
        self.on_stale()

    def _on_season_over(self) -> None:
        """Serve nothing from memory from now on: the store may not be able to end the season."""
        self._drop_window("season over")
        self.on_stale()

    def _drop_window(self, reason: str) -> None:
        self._window, self._why_empty = None, reason

    def _release(self) -> None:
        _log.debug("window_released", contest_id=self._contest_id)
        self._season_end.close()
        self._window = None
        if self._follower:
            follower, self._follower = self._follower, None
            self._followers.unfollow(follower, self)

    async def _fill(self) -> None:
        try:
            if not self._follower:
                self._follower = await self._followers.follow(self._contest_id, self)
            for _ in range(FILLS):
                await self._follower.until_live()
                await self._fills.of(self._contest_id).run(self._depth + SPARE, self._read_window)
                if self._window:
                    return
        finally:
            if self.closed:
                self._release()

    async def _read_window(self) -> None:
        """Read the window from the store.

        There is none after it if the contest moved on too far meanwhile, or was deleted.
        """
        if not self._follower:
            return
        commits = self._commits_during_read = []
        try:
            page = await self._store.top(self._contest_id, 1, self._depth + SPARE)
            deleted = self._commits_during_read is not commits
        finally:
            # Nothing waits from here until the window is used, or a commit would be lost.
            self._commits_during_read = None
        if deleted:
            return
        self._season_end.wait(page.left_ms)
        window = TopWindow(self._depth, page)
        complete = all(_apply(window, commit) for commit in commits)
        # A page that was read before the contest began another epoch comes too late.
        usable = complete and window.position.reaches(self._follower.position)
        _log.debug(
            "window_read",
            contest_id=self._contest_id,
            reason=self._why_empty,
            rows=len(page.users),
            revision=page.position.revision,
            usable=usable,
        )
        self._window, self._why_empty = window if usable else None, "moved on during the read"


def _apply(window: TopWindow, commit: Commit) -> bool:
    """Apply a commit unless the window holds it; return whether the window is still complete."""
    if commit.position.epoch == window.position.epoch:
        if commit.revision <= window.position.revision:
            return True
    elif window.position.revision:
        return False
    return commit.previous_revision == window.position.revision and window.apply(commit)
