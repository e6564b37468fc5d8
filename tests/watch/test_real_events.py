"""An import of real goals while watchers resume, servers crash and connections break."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import grpc
import pytest

from harness.calls import DEADLINE_S
from harness.cluster_store import Store
from harness.service import ServiceProcess, all_serving
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from watch.goals import DEPTH, EVENTS, ContestGoals, read_goals
from watch.roaming import RoamingWatcher

pytestmark = pytest.mark.skipif(not EVENTS.exists(), reason=f"there are no goals at {EVENTS}")

_WATCHED_CONTESTS = 8
_LARGEST_BATCH = 30
_SCOPES = (
    pb.WATCH_SCOPE_TOP,
    pb.WATCH_SCOPE_ALL,
    pb.WATCH_SCOPE_TOP,
    pb.WATCH_SCOPE_USERS,
    pb.WATCH_SCOPE_TOP,
)
_LIMITS = (1, 3, 10, DEPTH)
_ON_A_CLUSTER_TOO = on_a_cluster_too("own_store", Flavour.VALKEY, is_slow=True)


@_ON_A_CLUSTER_TOO
@pytest.mark.timeout(180)
async def test_the_first_goals_through_two_failing_servers(
    own_store: Store, tmp_path: Path
) -> None:
    """After every message each watcher has the board of the file at its position."""
    await _import_and_watch(own_store, tmp_path, goals=5_000, watchers=20, kill_feeds_every=0.5)


@_ON_A_CLUSTER_TOO
@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_all_goals_through_two_failing_servers(own_store: Store, tmp_path: Path) -> None:
    """With the whole file and more watchers each watcher has the correct boards too."""
    await _import_and_watch(own_store, tmp_path, goals=None, watchers=50, kill_feeds_every=2)


async def _import_and_watch(
    store: Store, folder: Path, *, goals: int | None, watchers: int, kill_feeds_every: float
) -> None:
    contests = read_goals(goals)
    pair = [ServiceProcess(folder / f"server-{n}", redis_url=store.url) for n in range(2)]
    async with all_serving(*pair), contextlib.AsyncExitStack() as stack:
        stubs = [service.stub for service in pair]
        crowd = _watchers(stubs, contests, watchers)
        for watcher in crowd:
            await stack.enter_async_context(watcher)
        await eventually(lambda: _all_have_messages(crowd), "a first message to every watcher")

        importing = Import(stubs, contests)
        unlucky = random.Random(1).sample(crowd, watchers // 2)
        async with (
            _again_and_again(store.end_feeds, kill_feeds_every),
            _again_and_again(lambda: _drop_some(unlucky), 0.1),
            asyncio.TaskGroup() as group,
        ):
            group.create_task(importing.run())
            group.create_task(_crash_halfway(pair[1], importing))

        by_id = {contest.contest_id: contest for contest in contests}
        for watcher in crowd:
            contest = by_id[watcher.contest_id]
            await eventually(lambda: _has_all(watcher, contest), _name(watcher), within=30)  # noqa: B023
            assert set(watcher.checker.reasons) == {"INITIAL"}
        assert sum(watcher.streams for watcher in crowd) > 2 * watchers


def _watchers(
    stubs: Sequence[LeaderboardServiceStub], contests: Sequence[ContestGoals], count: int
) -> list[RoamingWatcher]:
    """Make watchers of every scope, for the busiest contests and for quiet ones."""
    chance = random.Random(0)
    watched = [*contests[: _WATCHED_CONTESTS - 2], *contests[-2:]]
    scopes, limits = itertools.cycle(_SCOPES), itertools.cycle(_LIMITS)
    crowd = []
    for contest in itertools.islice(itertools.cycle(watched), count):
        scope, user_ids = next(scopes), [row.user_id for row in contest.board[:5]]
        if scope == pb.WATCH_SCOPE_USERS:
            user_ids += chance.sample([row.user_id for row in contest.board], 3)
        is_all = scope == pb.WATCH_SCOPE_ALL
        crowd.append(
            RoamingWatcher(
                stubs,
                contest.contest_id,
                scope=scope,
                limit=1000 if is_all else next(limits),
                user_ids=sorted(set(user_ids)) if scope == pb.WATCH_SCOPE_USERS else (),
                chance=chance,
                inspect=lambda watcher, contest=contest: _compare(watcher, contest),  # type: ignore[misc]
            )
        )
    return crowd


def _compare(watcher: RoamingWatcher, contest: ContestGoals) -> None:
    """Compare the rows of a watcher with the board of the file at its position."""
    revision, rows = watcher.revision, watcher.checker.rows
    match watcher.scope:
        case pb.WATCH_SCOPE_USERS:
            assert set(rows) == contest.of_users(revision, watcher.user_ids)
        case pb.WATCH_SCOPE_ALL:
            assert rows[:DEPTH] == contest.top(revision, DEPTH)
        case _:
            assert rows == contest.top(revision, watcher.limit)


def _has_all(watcher: RoamingWatcher, contest: ContestGoals) -> bool:
    """Return whether a watcher has the board after the last goal."""
    if watcher.failure is not None:
        raise RuntimeError(_name(watcher)) from watcher.failure
    rows = watcher.checker.rows
    match watcher.scope:
        case pb.WATCH_SCOPE_USERS:
            return set(rows) == contest.of_users(len(contest.updates), watcher.user_ids)
        case pb.WATCH_SCOPE_ALL:
            return rows == contest.board
        case _:
            return rows == contest.board[: watcher.limit]


def _all_have_messages(crowd: Sequence[RoamingWatcher]) -> bool:
    return all(watcher.messages for watcher in crowd)


def _name(watcher: RoamingWatcher) -> str:
    scope = pb.WatchScope.Name(watcher.scope).removeprefix("WATCH_SCOPE_")
    return f"the board of a watcher of {watcher.contest_id} with {scope} {watcher.limit}"


class Import:
    """
    Sends the goals of each contest in order, in random batches, to both servers in turn.

    Attributes:
        half: Set once half of the goals are acknowledged.
    """

    def __init__(
        self, stubs: Sequence[LeaderboardServiceStub], contests: Sequence[ContestGoals]
    ) -> None:
        self.half = asyncio.Event()
        self._stubs = itertools.cycle(stubs)
        self._contests = contests
        self._left = sum(len(contest.updates) for contest in contests)
        self._half = self._left // 2

    async def run(self) -> None:
        """Send all goals, of several contests concurrently."""
        async with asyncio.TaskGroup() as group:
            for contest in self._contests:
                group.create_task(self._send(contest))

    async def _send(self, contest: ContestGoals) -> None:
        chance, first = random.Random(contest.contest_id), 0
        while batch := contest.updates[first : first + chance.randint(1, _LARGEST_BATCH)]:
            await self._persist(pb.BatchUpdateScoresRequest(updates=batch))
            first += len(batch)
            self._left -= len(batch)
            if self._left <= self._half:
                self.half.set()

    async def _persist(self, batch: pb.BatchUpdateScoresRequest) -> None:
        """Send a batch until all of it is acknowledged, to another server at each attempt."""
        while True:
            try:
                answer = await next(self._stubs).BatchUpdateScores(batch, timeout=DEADLINE_S)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                await asyncio.sleep(0.01)
            else:
                if all(result.WhichOneof("outcome") == "response" for result in answer.results):
                    return


@contextlib.asynccontextmanager
async def _again_and_again(act: Callable[[], Awaitable[None]], every: float) -> AsyncIterator[None]:
    """Repeat an action at this interval in seconds until the block ends."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(every)
            await act()

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _drop_some(crowd: Sequence[RoamingWatcher]) -> None:
    for watcher in random.sample(list(crowd), max(1, len(crowd) // 10)):
        watcher.drop()


async def _crash_halfway(service: ServiceProcess, importing: Import) -> None:
    await importing.half.wait()
    await service.kill()
    await service.start()
