"""The end of a contest beside writers and watchers, on two servers."""

import asyncio
import contextlib
import itertools
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contests.two_servers import DEADLINE_S, refusal, two_servers
from harness.calls import add, top
from harness.cluster_store import Store
from harness.service import ServiceProcess
from harness.waiting import eventually
from harness.watched_board import RankedRow
from harness.watcher import Watcher
from harness.watching import WatchChecker
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

CONTEST = "final"
USERS = 40
WATCHED = tuple(f"user-{number}" for number in range(0, USERS, 3))
SCOPES = (pb.WATCH_SCOPE_TOP, pb.WATCH_SCOPE_ALL, pb.WATCH_SCOPE_USERS)
ENDS_SOON_S = 10.0
"""The time for the last messages: a hanging end passes it."""
IDLE_S = 15.0
"""How long a contest lasts that ends without a write."""


class Writers:
    """Writers at a steady rate, each write to the next server and with a request id of its own."""

    def __init__(self, servers: list[ServiceProcess], rate: int) -> None:
        self.acknowledged: dict[str, pb.UpdateScoreResponse] = {}
        self.refused: Counter[str] = Counter()
        self._servers = itertools.cycle(servers)
        self._rate = rate

    async def write_until(self, end: float) -> None:
        """Write at the rate until a time, and wait for all answers."""
        begin = time.monotonic()
        async with asyncio.TaskGroup() as writes:
            for number in itertools.count():
                await asyncio.sleep(begin + number / self._rate - time.monotonic())
                if time.time() >= end:
                    return
                request = pb.UpdateScoreRequest(
                    contest_id=CONTEST,
                    user_id=f"user-{number * 7 % USERS}",
                    points=number % 5,
                    request_id=f"write-{number}",
                )
                writes.create_task(self._write(next(self._servers), request))

    async def _write(self, server: ServiceProcess, request: pb.UpdateScoreRequest) -> None:
        answer = await refusal(server.stub.UpdateScore(request, timeout=DEADLINE_S))
        if isinstance(answer, str):
            self.refused[answer] += 1
        else:
            self.acknowledged[request.request_id] = answer


def end_in(seconds: float) -> float:
    """Return the time in so many seconds, to the millisecond as an end is kept."""
    return int((time.time() + seconds) * 1_000) / 1_000


async def create(server: ServiceProcess, ends_at: float) -> None:
    """Create the contest, so that it ends at a time."""
    end = Timestamp()
    end.FromMilliseconds(round(ends_at * 1_000))
    contest = contests.Contest(contest_id=CONTEST, ends_at=end)
    await server.contests.CreateContest(contests.CreateContestRequest(contest=contest))


@contextlib.asynccontextmanager
async def watching(
    servers: Sequence[ServiceProcess], watchers: int, ends_at: float
) -> AsyncIterator[list[Watcher]]:
    """
    Watch the contest from both servers with every scope.

    Prints the delays from the end of the contest, by the clock of the store, which is that of this
    machine, to CONTEST_OVER.
    """
    delays: list[float] = []

    def note_end(checker: WatchChecker) -> None:
        if checker.ended == pb.END_REASON_CONTEST_OVER:
            delays.append(time.time() - ends_at)

    async with contextlib.AsyncExitStack() as stack:
        watches = []
        for server, scope in itertools.islice(
            itertools.cycle(itertools.product(servers, SCOPES)), watchers
        ):
            users = WATCHED if scope == pb.WATCH_SCOPE_USERS else ()
            limit = 1_000 if scope == pb.WATCH_SCOPE_ALL else 10
            watch = Watcher(CONTEST, scope=scope, limit=limit, user_ids=users, inspect=note_end)
            watches.append(await stack.enter_async_context(watch))
            await watch.open(server.stub)
        yield watches
    shown = f"median {statistics.median(delays):.3f} s, maximum {max(delays):.3f} s"
    print(f"the end came to {len(delays)} watchers: {shown}", end=" ")  # noqa: T201


async def run_to_the_end(
    servers: list[ServiceProcess], rate: int, watchers: int, lasts_s: float
) -> None:
    """Write and watch to the end; compare acknowledged writes and all watches with the board."""
    ends_at = end_in(lasts_s)
    await create(servers[0], ends_at)
    writers = Writers(servers, rate)
    async with watching(servers, watchers, ends_at) as watches:
        await writers.write_until(ends_at + 0.5)
        print(f"{len(writers.acknowledged)} writes;", end=" ")  # noqa: T201
        for watch in watches:
            await watch.closed(within=ENDS_SOON_S)

        boards = [await top(server.stub, CONTEST) for server in servers]
        scores: Counter[str] = Counter()
        for request_id, answer in writers.acknowledged.items():
            scores[answer.user.user_id] += int(request_id.removeprefix("write-")) % 5
        assert set(writers.refused) == {"CONTEST_NOT_OPEN"}
        for board in boards:
            assert {user.user_id: user.score for user in board.users} == scores
        for watch in watches:
            compare_final(watch, boards[0])


async def test_every_write_counts_or_is_refused(own_store: Store, tmp_path: Path) -> None:
    """Acknowledged ones are on the final board, which all watchers have before CONTEST_OVER."""
    async with two_servers(own_store, tmp_path) as servers:
        await run_to_the_end(servers, rate=100, watchers=24, lasts_s=2.0)


@pytest.mark.slow
@pytest.mark.usefixtures("on_each_listener")
async def test_end_beside_200_writes_a_second(each_store: Store, tmp_path: Path) -> None:
    """So it is with 100 watchers, on each listener and store."""
    async with two_servers(each_store, tmp_path) as servers:
        await run_to_the_end(servers, rate=200, watchers=100, lasts_s=10.0)


@pytest.mark.slow
@pytest.mark.usefixtures("on_each_listener")
async def test_end_comes_without_a_write(each_store: Store, tmp_path: Path) -> None:
    """Watches end with the final board, though the last write was long before."""
    async with two_servers(each_store, tmp_path) as servers:
        ends_at = end_in(IDLE_S)
        await create(servers[0], ends_at)
        for number in range(USERS):
            await add(servers[number % 2].stub, CONTEST, f"user-{number}", number)
        async with watching(servers, 100, ends_at) as watches:
            assert time.time() < ends_at - 10.0
            for watch in watches:
                await watch.closed(within=IDLE_S + ENDS_SOON_S)
            board = await top(servers[0].stub, CONTEST)
            for watch in watches:
                compare_final(watch, board)


def compare_final(watch: Watcher, board: pb.GetTopUsersResponse) -> None:
    """Check that a watch ended since the contest is over, with the final board."""
    checker = watch.checker
    assert checker.ended == pb.END_REASON_CONTEST_OVER
    assert checker.position == board.position
    rows = {row.user_id: row for row in map(RankedRow.of, board.users)}
    held = {row.user_id: row.score for row in checker.ranked}
    assert all(rows[user_id].score == score for user_id, score in held.items())
    expected = {len(rows), min(10, len(rows)), len(rows.keys() & set(WATCHED))}
    assert len(held) in expected


async def test_repeats_get_their_first_answer_after_the_end(
    own_store: Store, tmp_path: Path
) -> None:
    """From both servers; a new write and another payload do not."""
    async with two_servers(own_store, tmp_path) as servers:
        await create(servers[0], time.time() + 1.0)
        request = pb.UpdateScoreRequest(
            contest_id=CONTEST, user_id="ada", points=3, request_id="one"
        )
        first = await servers[0].stub.UpdateScore(request, timeout=DEADLINE_S)
        other = pb.UpdateScoreRequest(contest_id=CONTEST, user_id="bo", points=1)

        async def is_over(server: ServiceProcess) -> bool:
            answer = await refusal(server.stub.UpdateScore(other, timeout=DEADLINE_S))
            return answer == "CONTEST_NOT_OPEN"

        for server in servers:
            await eventually(partial(is_over, server), "the end of the contest")
            again = await server.stub.UpdateScore(request, timeout=DEADLINE_S)
            assert again.replayed
            assert (again.user, again.position) == (first.user, first.position)
