"""The view of a watcher by scope: the state of a snapshot, and its part of new commits."""

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol

from leaderboard_server.domain.board import Page
from leaderboard_server.domain.change import ScoreChange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import WatchRequest, WatchScope
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.merge import Merge, Rows
from leaderboard_server.watch.recent_commits import RecentCommits

CHANGES_AT_ONCE = 1_000
"""Revisions after which a message is full. A commit is never split, so it has up to 1,999."""


class BoardReader(Protocol):
    """Reads the first ranks of contests; see `board.boards.Boards`."""

    def top_as_followed_now(self, contest_id: str, count: int) -> Page | None:
        """Return the result of `top_as_followed` if it needs no waiting, else None."""

    async def top_as_followed(self, contest_id: str, count: int) -> Page:
        """Return the first ranks as of the followed commits."""


class Delta(NamedTuple):
    """The changes of some new commits, for all views of one scope."""

    content: Merge | tuple[ScoreChange, ...]
    """The changes of the first ranks, or all changes."""
    position: Position
    """The position after these commits."""
    total_users: int
    """The number of users in the contest at that position."""
    all_rows: bool = False
    """Whether the changes hold all rows, since the rows of the watcher are not known."""


class View(Protocol):
    """The view of one watcher."""

    scope: WatchScope
    depth: int
    """How many ranks the deltas have to cover; 0 if they don't depend on ranks."""
    user_ids: frozenset[str]
    """The users whose changes are shown; empty if the view shows changes of all users."""

    @property
    def key(self) -> object:
        """Identifies the content of the view: views with equal keys show the same."""

    @property
    def rows_known(self) -> bool:
        """Whether the rows of the watcher are known, if the next delta depends on them."""

    async def read_state(self) -> Page:
        """Read the state for a snapshot."""

    def reset(self, page: Page | None) -> None:
        """Set the rows of the watcher: those of a snapshot, or None if they are not known."""

    def adopt(self, other: "View") -> None:
        """Continue from the rows of another view of this scope that covers as many ranks."""

    def restore(self, recent: RecentCommits, position: Position) -> None:
        """Continue from the rows at a recent position, if these are still known."""

    async def next_delta(self, recent: RecentCommits, after: Position) -> Delta | None:
        """Return the next delta after a position, or None while there is none.

        Nothing is awaited between the last look at `recent` and the return.
        """

    def changes(self, delta: Delta) -> tuple[ScoreChange, ...]:
        """Return the part of a delta that this view shows; empty if it shows none of it."""


def view_of(request: WatchRequest, reader: BoardReader, store: Store) -> View:
    """Return the view that a request asks for."""
    contest_id, limit, user_ids = request.contest_id, request.limit, request.user_ids
    match request.scope:
        case WatchScope.TOP:
            return _TopView(contest_id, limit, reader)
        case WatchScope.ALL:
            return _ChangesView(
                WatchScope.ALL, limit, lambda: reader.top_as_followed(contest_id, limit)
            )
        case WatchScope.USERS:
            return _ChangesView(
                WatchScope.USERS, user_ids, lambda: store.users(contest_id, user_ids), user_ids
            )


class _ChangesView:
    """The changes as they were committed: all, or those of some users."""

    rows_known = True
    depth = 0

    def __init__(
        self,
        scope: WatchScope,
        state: object,
        read_state: Callable[[], Coroutine[Any, Any, Page]],
        user_ids: frozenset[str] = frozenset(),
    ) -> None:
        """Show changes; `state` identifies what `read_state` reads."""
        self.scope = scope
        self.key = scope, state
        self.read_state = read_state
        self.user_ids = user_ids

    def reset(self, page: Page | None) -> None:
        """Do nothing: these changes don't depend on rows."""

    def adopt(self, other: View) -> None:
        """Do nothing: these changes don't depend on rows."""

    def restore(self, recent: RecentCommits, position: Position) -> None:
        """Do nothing: these changes don't depend on rows."""

    async def next_delta(self, recent: RecentCommits, after: Position) -> Delta | None:
        commits = recent.commits_after(after.revision, CHANGES_AT_ONCE)
        if not commits:
            return None
        changes = tuple(change for commit in commits for change in commit.changes)
        return Delta(changes, commits[-1].position, commits[-1].total_users)

    def changes(self, delta: Delta) -> tuple[ScoreChange, ...]:
        assert isinstance(delta.content, tuple)
        if not self.user_ids:
            return delta.content
        return tuple(change for change in delta.content if change.user.user_id in self.user_ids)


class _TopView:
    """The first ranks: changes merged from the rows of the watcher to the current rows.

    Merges are made for the largest limit that is watched, and serve the watchers of all limits.
    """

    scope = WatchScope.TOP
    user_ids: frozenset[str] = frozenset()

    def __init__(self, contest_id: str, limit: int, reader: BoardReader) -> None:
        self.key = WatchScope.TOP, limit
        self.depth = limit
        self._contest_id = contest_id
        self._reader = reader
        self.rows: Rows | None = None
        """The rows of the watcher; None if they are not known."""

    @property
    def rows_known(self) -> bool:
        return self.rows is not None

    async def read_state(self) -> Page:
        return await self._reader.top_as_followed(self._contest_id, self.depth)

    def reset(self, page: Page | None) -> None:
        self.rows = Rows(page, self.depth) if page else None

    def adopt(self, other: View) -> None:
        assert isinstance(other, _TopView)
        self.rows = other.rows

    def restore(self, recent: RecentCommits, position: Position) -> None:
        self.rows = recent.shared.known_rows(position, self.depth)

    async def next_delta(self, recent: RecentCommits, after: Position) -> Delta | None:
        if recent.position == after:
            return None
        depth = max(self.depth, recent.shared.depth)
        page = self._reader.top_as_followed_now(self._contest_id, depth)
        if not page:
            page = await recent.shared.reads.run(
                (self.scope, depth, recent.version),
                lambda: self._reader.top_as_followed(self._contest_id, depth),
            )
        if not recent.covers(after):
            return None
        # Meanwhile the commits may be later than the page, or not be as late yet.
        commits = [
            commit
            for commit in recent.commits_after(after.revision)
            if commit.revision <= page.position.revision
        ]
        if not commits or commits[-1].position != page.position:
            return None
        rows = recent.shared.rows_at(page, depth)
        # A watcher whose rows are not known, as after a resume, gets all rows once.
        before, self.rows = self.rows, rows
        key = after, page.position, before and before.depth, depth
        merge = recent.shared.merges.get(key)
        if merge is None:
            merge = recent.shared.merges[key] = Merge(before, rows, commits)
        return Delta(merge, page.position, page.total_users, before is None)

    def changes(self, delta: Delta) -> tuple[ScoreChange, ...]:
        assert isinstance(delta.content, Merge)
        return delta.content.changes(self.depth)
