"""One contest's live window: filled once for all who ask, and kept up to date by its stream."""

import asyncio
from collections.abc import Callable

from leaderboard_server.board.top_window import SPARE, Window
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.store import Store

FILLS = 3
"""How often a window is filled again when the contest moved on under the fill, before the asker is
sent to the store instead."""


class LiveBoard:
    """Answers the first ranks of one contest. Implements `log_follower.Observer`."""

    def __init__(
        self,
        contest_id: str,
        depth: int,
        store: Store,
        followers: LogFollowers,
        invalidate: Callable[[str], None],
    ) -> None:
        """Take the parts; `invalidate` is called whenever a page that was read is stale."""
        self._contest_id = contest_id
        self._depth = depth
        self._store = store
        self._followers = followers
        self._invalidate = invalidate
        self._stream: LogFollower | None = None
        self._window: Window | None = None
        self._missed: list[Commit] | None = None
        """The commits that come while the store is read, and only then."""
        self._filling: asyncio.Task[None] | None = None
        self.asked = False
        """Whether it was asked for since that was last looked at."""
        self.closed = False
        """Whether this board is let go; another one takes its place."""

    @property
    def empty(self) -> bool:
        """Whether the window has to be filled before it can be read."""
        return self._window is None

    def read(self, start_rank: int, count: int) -> Page | None:
        """Return ranks from the window, or None where it can't be trusted or doesn't hold them.

        It is trusted while the stream is live, in the epoch that this server saw last, and not
        behind what it has told any caller.
        """
        if not self._stream or not self._stream.live:
            return None
        page = self.read_as_followed(start_rank, count)
        if not page or self._store.epoch_changed(self._contest_id, page.position):
            return None
        return page if page.position.reaches(self._stream.acked_position) else None

    def read_as_followed(self, start_rank: int, count: int) -> Page | None:
        """Return ranks from the window as of the commits heard of, or None if it lacks them."""
        if not self._stream or not self._window or not self._window.covers(start_rank, count):
            return None
        return self._window.read(start_rank, count)

    async def fill(self) -> None:
        """Read the window from the store; those who ask meanwhile wait for the same read.

        Raises:
            StoreUnavailable: The store is away, or the stream isn't live.
        """
        if not self._filling:
            self._filling = asyncio.create_task(self._fill(), name="fill-window")
            self._filling.add_done_callback(self._filled)
        await asyncio.shield(self._filling)

    def close(self) -> None:
        """Stop following the contest, once a fill that is under way is over."""
        self.closed = True
        self._window = None
        self.on_stale()
        if self._stream and not self._filling:
            stream, self._stream = self._stream, None
            self._followers.unfollow(stream, self)

    def on_stale(self) -> None:
        """See `log_follower.Observer`."""
        self._invalidate(self._contest_id)

    def on_commit(self, commit: Commit) -> None:
        """See `log_follower.Observer`."""
        self.on_stale()
        if self._missed is not None:
            self._missed.append(commit)
        elif self._window and not self._move_on(self._window, commit):
            self._window = None

    def on_restart(self, _position: Position, _reason: SnapshotReason) -> None:
        """See `log_follower.Observer`."""
        self._window = None
        self.on_stale()

    async def _fill(self) -> None:
        if not self._stream:
            self._stream = await self._followers.follow(self._contest_id, self)
        for _ in range(FILLS):
            await self._stream.until_live()
            missed: list[Commit] = []
            self._missed = missed
            try:
                page = await self._store.top(self._contest_id, 1, self._depth + SPARE)
            finally:
                # Nothing waits from here until the window is used, or a commit would be lost.
                self._missed = None
            window = Window(self._depth, page)
            sound = all(self._move_on(window, commit) for commit in missed)
            # A page that was read before the contest began another epoch comes too late.
            if sound and window.position.reaches(self._stream.position):
                self._window = window
                return

    @staticmethod
    def _move_on(window: Window, commit: Commit) -> bool:
        """Apply a commit unless the window holds it already; say whether the window is sound."""
        if commit.position.epoch == window.position.epoch:
            if commit.revision <= window.position.revision:
                return True
        elif window.position.revision:
            return False
        return commit.previous_revision == window.position.revision and window.apply(commit)

    def _filled(self, task: asyncio.Task[None]) -> None:
        self._filling = None
        if self.closed:
            self.close()
        if not task.cancelled():
            task.exception()  # those who wait have it
