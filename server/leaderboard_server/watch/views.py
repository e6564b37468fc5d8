"""The view of a watcher by scope: the state of a snapshot, and its part of new commits."""

from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any, NamedTuple, Protocol

from leaderboard_server.domain.board import Page, RankedUser
from leaderboard_server.domain.change import ScoreChange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import WatchRequest, WatchScope
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.merge import merge
from leaderboard_server.watch.recent_commits import RecentCommits

CHANGES_AT_ONCE = 1_000
"""Changes after which a message is full. A commit is never split, so it has up to 1,999."""


class BoardReader(Protocol):
    """Reads the first ranks of contests; see `board.boards.Boards`."""

    def top_as_followed_now(self, contest_id: str, count: int) -> Page | None:
        """Return the result of `top_as_followed` if it needs no waiting, else None."""

    async def top_as_followed(self, contest_id: str, count: int) -> Page:
        """Return the first ranks as of the followed commits."""


class Delta(NamedTuple):
    """The part of some new commits that a watcher gets."""

    changes: tuple[ScoreChange, ...]
    """Empty if nothing that is watched changed."""
    position: Position
    """The position after these commits."""
    all_rows: bool = False
    """Whether the changes hold all rows, since the rows of the watcher are not known."""


class View(Protocol):
    """The view of one watcher."""

    @property
    def key(self) -> object:
        """Identifies the content of the view: views with equal keys show the same."""

    @property
    def rows_known(self) -> bool:
        """Whether the rows of the watcher are known, if the next delta depends on them."""

    async def read_state(self) -> Page:
        """Read the state for a snapshot."""

    def reset(self, rows: Sequence[RankedUser] | None) -> None:
        """Set the rows of the watcher: those of a snapshot, or None if they are not known."""

    async def next_delta(self, recent: RecentCommits, after: Position) -> Delta | None:
        """Return the next delta after a position, or None while there is none.

        Nothing is awaited between the last look at `recent` and the return.
        """


def view_of(request: WatchRequest, reader: BoardReader, store: Store) -> View:
    """Return the view that a request asks for."""
    contest_id, limit, user_ids = request.contest_id, request.limit, request.user_ids
    match request.scope:
        case WatchScope.TOP:
            return _TopView(contest_id, limit, reader)
        case WatchScope.ALL:
            key: object = (WatchScope.ALL, limit)
            return _ChangesView(key, lambda: reader.top_as_followed(contest_id, limit))
        case WatchScope.USERS:
            key = (WatchScope.USERS, user_ids)
            return _ChangesView(key, lambda: store.users(contest_id, user_ids), user_ids)


class _ChangesView:
    """The changes as they were committed: all, or those of some users."""

    rows_known = True

    def __init__(
        self,
        key: object,
        read_state: Callable[[], Coroutine[Any, Any, Page]],
        user_ids: Collection[str] | None = None,
    ) -> None:
        self.key = key
        self.read_state = read_state
        self._user_ids = user_ids

    def reset(self, rows: Sequence[RankedUser] | None) -> None:
        """Do nothing: these changes don't depend on rows."""

    async def next_delta(self, recent: RecentCommits, after: Position) -> Delta | None:
        commits = recent.commits_after(after.revision, CHANGES_AT_ONCE)
        if not commits:
            return None
        changes = tuple(
            change
            for commit in commits
            for change in commit.changes
            if self._user_ids is None or change.user.user_id in self._user_ids
        )
        return Delta(changes, commits[-1].position)


class _TopView:
    """The first ranks: changes merged from the rows of the watcher to the current rows."""

    def __init__(self, contest_id: str, limit: int, reader: BoardReader) -> None:
        self.key = WatchScope.TOP, limit
        self._contest_id = contest_id
        self._limit = limit
        self._reader = reader
        self._rows: Sequence[RankedUser] | None = None

    @property
    def rows_known(self) -> bool:
        return self._rows is not None

    async def read_state(self) -> Page:
        return await self._reader.top_as_followed(self._contest_id, self._limit)

    def reset(self, rows: Sequence[RankedUser] | None) -> None:
        self._rows = rows

    async def next_delta(self, recent: RecentCommits, after: Position) -> Delta | None:
        if recent.position == after:
            return None
        page = self._reader.top_as_followed_now(self._contest_id, self._limit)
        if not page:
            page = await recent.reads.run((self.key, recent.version), self.read_state)
        # Meanwhile the commits may be later than the page, or not be as late yet.
        commits = [
            commit
            for commit in recent.commits_after(after.revision)
            if commit.revision <= page.position.revision
        ]
        if not commits or commits[-1].position != page.position:
            return None
        # A watcher whose rows are not known, as after a resume, gets all rows once.
        all_rows = self._rows is None
        key = self._limit, after, page.position, all_rows
        changes = recent.merges.get(key)
        if changes is None:
            changes = merge(self._rows or (), page.users, self._limit, commits)
            recent.merges[key] = changes
        self._rows = page.users
        return Delta(changes, page.position, all_rows)
