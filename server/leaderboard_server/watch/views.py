"""What a watcher sees of a contest, by scope: its state, and what of commits it is told."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

from leaderboard_server.domain.board import Page, RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import WatchRequest, WatchScope
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.merge import merge
from leaderboard_server.watch.topic import Topic

CHANGES_AT_ONCE = 1_000
"""After how many changes a message is full. A commit is never split, so it has up to 1,999."""


class BoardReader(Protocol):
    """Where the first ranks are read."""

    async def top_as_heard(self, contest_id: str, count: int) -> Page:
        """Return the first ranks of a contest; see `board.boards.Boards.top_as_heard`."""


class News(NamedTuple):
    """What a watcher is told of some commits."""

    changes: tuple[ScoreChange, ...]
    """Empty when they don't touch what is watched."""
    position: Position
    """The position up to which the commits were looked at."""


class View(Protocol):
    """One watcher's view."""

    async def state(self) -> Page:
        """Read what a snapshot holds."""

    def begin(self, page: Page) -> None:
        """Go on from a snapshot of this state."""

    async def news(self, topic: Topic, since: Position, commits: list[Commit]) -> News | None:
        """Return what is told of the commits after `since`, or None to look again later."""

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

    def kind(self) -> object:
        return WatchScope.ALL, self._request.limit

    async def state(self) -> Page:
        return await self._reader.top_as_heard(self._request.contest_id, self._request.limit)

    def begin(self, page: Page) -> None:
        pass  # every change is told as it was

    async def news(self, _topic: Topic, _since: Position, commits: list[Commit]) -> News:
        commits = _first(commits)
        changes = tuple(change for commit in commits for change in commit.changes)
        return News(changes, commits[-1].position)


class _UsersView:
    """The changes of some users."""

    def __init__(self, request: WatchRequest, store: Store) -> None:
        self._request = request
        self._store = store

    def kind(self) -> object:
        return WatchScope.USERS, self._request.user_ids

    async def state(self) -> Page:
        return await self._store.users(self._request.contest_id, self._request.user_ids)

    def begin(self, page: Page) -> None:
        pass  # every change is told as it was

    async def news(self, _topic: Topic, _since: Position, commits: list[Commit]) -> News:
        commits = _first(commits)
        changes = tuple(
            change
            for commit in commits
            for change in commit.changes
            if change.user.user_id in self._request.user_ids
        )
        return News(changes, commits[-1].position)


_Rows = tuple[Sequence[RankedUser], tuple[ScoreChange, ...]]
"""The first ranks, and the changes that led to them."""


class _TopView:
    """What touches the first ranks, merged from what the watcher holds to the present state."""

    def __init__(self, request: WatchRequest, reader: BoardReader) -> None:
        self._request = request
        self._reader = reader
        self._rows: Sequence[RankedUser] | None = None

    def kind(self) -> object:
        return WatchScope.TOP, self._request.limit

    async def state(self) -> Page:
        return await self._reader.top_as_heard(self._request.contest_id, self._request.limit)

    def begin(self, page: Page) -> None:
        self._rows = page.users

    async def news(self, topic: Topic, since: Position, commits: list[Commit]) -> News | None:
        limit, now = self._request.limit, commits[-1].position
        # After a resume the watcher's rows are not known here: it is told all rows once.
        key = ("rows", limit, since, now, self._rows is None)
        if key not in topic.shared:
            page = await topic.read_state(self.kind(), self.state)
            if page.position != now:
                # The page is of a later state than the topic has heard of, or the other way round.
                return None
            topic.shared[key] = page.users, merge(self._rows or (), page.users, limit, commits)
        self._rows, changes = cast("_Rows", topic.shared[key])
        return News(changes, now)


def _first(commits: list[Commit]) -> list[Commit]:
    """Return as many commits as one message holds, at least one."""
    size = 0
    for index, commit in enumerate(commits):
        size += len(commit.changes)
        if size >= CHANGES_AT_ONCE:
            return commits[: index + 1]
    return commits
