"""A client that behaves: `python -m attacks.good_client ADDRESS FOLDER DEADLINE_S`, in `tests`.

It makes 200 mixed calls a second on one channel, whether or not the server keeps up, watches its
contest, and opens another watch and another connection each second. Calls beyond those that one
connection may have at a time wait, and this time counts as theirs. At SIGTERM it writes its calls
to `calls.csv`, and to `watch.txt` what was wrong with its watch: nothing, mostly.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import uvloop

from attacks.records import Record, Records
from harness.service import CHANNEL_OPTIONS
from harness.statuses import status_of
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

CONTEST = "good"
RATE = 200
MIXED = ("update", "top", "rank", "batch")
"""The kinds of calls whose times count; a new connection or watch takes longer by itself."""
CALLS, WATCH, STARTED = "calls.csv", "watch.txt", "started"

_TURN = ("update", "top", "rank", "update", "top", "batch", "update", "top", "rank", "update")
_USERS = 50
_BATCH = 5
_MAX_IN_FLIGHT = 200
"""Below the server's limit for a connection, which has a few watches and connections beside."""
_TOP = pb.GetTopUsersRequest(contest_id=CONTEST)
_CAUGHT_UP_S = 5.0

Call = Callable[[int], Awaitable[object]]


class GoodClient:
    """The calls of the client; each takes the number of the call."""

    def __init__(self, address: str, deadline_s: float) -> None:
        self.records: list[Record] = []
        self._address, self._deadline_s = address, deadline_s
        self._channel = self._new_channel()
        self._stub = LeaderboardServiceStub(self._channel)
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight = asyncio.Semaphore(_MAX_IN_FLIGHT)
        self._position = pb.Position()
        self._calls: dict[str, Call] = {
            "update": self._update,
            "batch": self._batch,
            "top": lambda _: self._stub.GetTopUsers(_TOP, timeout=deadline_s),
            "rank": self._rank,
            "new watch": lambda _: self._open_watch(),
            "new connection": lambda _: self._connect(),
        }

    async def run(self, stopping: asyncio.Event, folder: Path) -> str:
        """Make calls until the event, and return what was wrong with the watch."""
        for number in range(_USERS):
            await self._update(number)
        # The limit is above the number of users, so that each change is one of the watch.
        async with Watcher(CONTEST, limit=2 * _USERS) as watcher:
            await watcher.open(self._stub)
            (folder / STARTED).touch()
            await self._make_calls(stopping)
            wrong = await self._check(watcher)
        await self._channel.close()
        return wrong

    async def _make_calls(self, stopping: asyncio.Event) -> None:
        began, number = time.monotonic(), 0
        while not stopping.is_set():
            at = began + number / RATE
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            self._start(_TURN[number % len(_TURN)], number, at)
            if number % RATE == RATE // 4:
                self._start("new watch", number, at)
            if number % RATE == RATE // 2:
                self._start("new connection", number, at)
            number += 1
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, kind: str, number: int, at: float) -> None:
        task = asyncio.create_task(self._record(kind, number, at))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _record(self, kind: str, number: int, at: float) -> None:
        try:
            async with self._in_flight, asyncio.timeout(2 * self._deadline_s):
                await self._calls[kind](number)
            status = "OK"
        except grpc.aio.AioRpcError as error:
            status = _name(error)
        except TimeoutError:
            status = "NOTHING"
        self.records.append(Record(at, time.monotonic() - at, kind, status))

    async def _update(self, number: int) -> None:
        response = await self._stub.UpdateScore(_one_update(number), timeout=self._deadline_s)
        self._observe(response.position)

    async def _batch(self, number: int) -> None:
        updates = [_one_update(number + other, f"-{other}") for other in range(_BATCH)]
        request = pb.BatchUpdateScoresRequest(updates=updates)
        response = await self._stub.BatchUpdateScores(request, timeout=self._deadline_s)
        for result in response.results:
            self._observe(result.response.position)

    def _rank(self, number: int) -> Awaitable[object]:
        request = pb.GetUserRankRequest(contest_id=CONTEST, user_id=f"u{number % _USERS}")
        rank: Awaitable[object] = self._stub.GetUserRank(request, timeout=self._deadline_s)
        return rank

    async def _open_watch(self) -> None:
        request = pb.WatchContestRequest(contest_id=CONTEST)
        call = self._stub.WatchContest(request, timeout=self._deadline_s)
        await call.read()
        call.cancel()

    async def _connect(self) -> None:
        async with self._new_channel() as channel:
            await LeaderboardServiceStub(channel).GetTopUsers(
                _TOP, timeout=self._deadline_s, wait_for_ready=True
            )

    async def _check(self, watcher: Watcher) -> str:
        """Return what was wrong with the watch, or nothing."""
        whole = pb.GetTopUsersRequest(contest_id=CONTEST, limit=2 * _USERS)
        try:
            await watcher.reach(self._position, within=_CAUGHT_UP_S)
            while True:
                top = await self._stub.GetTopUsers(whole, timeout=_CAUGHT_UP_S)
                await watcher.reach(top.position, within=_CAUGHT_UP_S)
                # Updates that got no answer in time may still be applied.
                if watcher.checker.position == top.position:
                    watcher.checker.assert_equals(top)
                    return ""
        except (AssertionError, RuntimeError, grpc.aio.AioRpcError) as error:
            return str(error)

    def _observe(self, position: pb.Position) -> None:
        if position.revision > self._position.revision:
            self._position = position

    def _new_channel(self) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(self._address, options=CHANNEL_OPTIONS)


def _name(error: grpc.aio.AioRpcError) -> str:
    """Return the name of a status, with the limit that the call was over."""
    try:
        limit = status_of(error).metadata.get("limit", "")
    except AssertionError:  # not a status of the service, such as a deadline
        limit = ""
    return f"{error.code().name} {limit}".rstrip()


def _one_update(number: int, part: str = "") -> pb.UpdateScoreRequest:
    return pb.UpdateScoreRequest(
        contest_id=CONTEST,
        user_id=f"u{number * 7 % _USERS}",
        points=1 + number % 3,
        request_id=f"{time.monotonic_ns()}-{number}{part}",
    )


async def _main(address: str, folder: Path, deadline_s: float) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    client = GoodClient(address, deadline_s)
    wrong = await client.run(stopping, folder)
    Records(client.records).write(folder / CALLS)
    (folder / WATCH).write_text(wrong)


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
