"""What a watcher sees of a contest, by scope: its state, and what of commits it is told."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from leaderboard_server.domain.board import Page, RankedUser
from leaderboard_server.domain.change import ScoreChange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import WatchRequest, WatchScope
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.merge import merge
from leaderboard_server.watch.recent_commits import RecentCommits

CHANGES_AT_ONCE = 1_000
"""After how many changes a message is full. A commit is never split, so it has up to 1,999."""


class BoardReader(Protocol):
    """Where the first ranks are read."""

    def top_as_followed_now(self, contest_id: str, count: int) -> Page | None:
        """Return what `top_as_followed` would, where it needs nothing to wait for."""

    async def top_as_followed(self, contest_id: str, count: int) -> Page:
        """Return the first ranks of a contest; see `board.boards.Boards.top_as_followed`."""


class News(NamedTuple):
    """What a watcher is told of some commits."""

    changes: tuple[ScoreChange, ...]
    """Empty when they don't touch what is watched."""
    position: Position
    """The position up to which the commits were looked at."""
    whole: bool = False
    """Whether all rows are told, since those that the watcher holds are not known."""


class View(Protocol):
    """One watcher's view."""

    @property
    def tracks(self) -> bool:
        """Whether all is known that the next news depend on."""

    async def state(self) -> Page:
        """Read what a snapshot holds."""

    def begin(self, page: Page) -> None:
        """Go on from a snapshot of this state."""

    def lose_track(self) -> None:
        """Go on from a position of which the state is not known."""

    async def news(self, topic: RecentCommits, since: Position) -> News | None:
        """Return what is told of commits after `since`, or None where there is nothing to tell yet.

        Nothing is waited for between the last look at the topic and the return.
        """

    def kind(self) -> object:
        """Return what views have in common that are told the same."""


def view_of(request: WatchRequest, reader: BoardReader, store: Store) -> View:
    """Return the view that a watcher asks for."""
    if request.scope is WatchScope.TOP:
        return _TopView(request, reader)
    if request.scope is WatchScope.ALL:
        return _AllView(request, reader)
    return _UsersView(request, store)


class _AllView:
    """Every change."""

    def __init__(self, request: WatchRequest, reader: BoardReader) -> None:
        self._request = request
        self._reader = reader

    @property
    def tracks(self) -> bool:
        return True

    def kind(self) -> object:
        return WatchScope.ALL, self._request.limit

    async def state(self) -> Page:
        return await self._reader.top_as_followed(self._request.contest_id, self._request.limit)

    def begin(self, page: Page) -> None:
        pass  # every change is told as it was

    def lose_track(self) -> None:
        pass  # every change is told as it was

    async def news(self, topic: RecentCommits, since: Position) -> News | None:
        return _told(topic, since, lambda _: True)


class _UsersView:
    """The changes of some users."""

    def __init__(self, request: WatchRequest, store: Store) -> None:
        self._request = request
        self._store = store

    @property
    def tracks(self) -> bool:
        return True

    def kind(self) -> object:
        return WatchScope.USERS, self._request.user_ids

    async def state(self) -> Page:
        return await self._store.users(self._request.contest_id, self._request.user_ids)

    def begin(self, page: Page) -> None:
        pass  # every change is told as it was

    def lose_track(self) -> None:
        pass  # every change is told as it was

    async def news(self, topic: RecentCommits, since: Position) -> News | None:
        user_ids = self._request.user_ids
        return _told(topic, since, lambda change: change.user.user_id in user_ids)


def _told(
    topic: RecentCommits, since: Position, is_told: Callable[[ScoreChange], bool]
) -> News | None:
    """Return the changes of the next commits, as they were."""
    commits = topic.commits_after(since.revision, CHANGES_AT_ONCE)
    if not commits:
        return None
    changes = (change for commit in commits for change in commit.changes)
    return News(tuple(filter(is_told, changes)), commits[-1].position)


class _TopView:
    """What touches the first ranks, merged from what the watcher holds to the present state."""

    def __init__(self, request: WatchRequest, reader: BoardReader) -> None:
        self._request = request
        self._reader = reader
        self._rows: Sequence[RankedUser] | None = None

    @property
    def tracks(self) -> bool:
        return self._rows is not None

    def kind(self) -> object:
        return WatchScope.TOP, self._request.limit

    async def state(self) -> Page:
        return await self._reader.top_as_followed(self._request.contest_id, self._request.limit)

    def begin(self, page: Page) -> None:
        self._rows = page.users

    def lose_track(self) -> None:
        self._rows = None

    async def news(self, topic: RecentCommits, since: Position) -> News | None:
        if topic.position == since:
            return None
        contest_id, limit = self._request.contest_id, self._request.limit
        page = self._reader.top_as_followed_now(contest_id, limit)
        if not page:
            page = await topic.read_once((self.kind(), topic.version), self.state)
        # The topic may have moved on meanwhile, or not have heard of that state yet.
        commits = [
            commit
            for commit in topic.commits_after(since.revision)
            if commit.revision <= page.position.revision
        ]
        if not commits or commits[-1].position != page.position:
            return None
        # Where the watcher's rows are not known, as after a resume, it is told all rows once.
        whole = self._rows is None
        key = limit, since, page.position, whole
        changes = topic.merges.get(key)
        if changes is None:
            changes = merge(self._rows or (), page.users, limit, commits)
            topic.merges[key] = changes
        self._rows = page.users
        return News(changes, page.position, whole)
