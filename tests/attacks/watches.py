"""Watches that need much work, and a thousand on the channel of unary calls."""

import asyncio
import itertools
import time

import grpc

from attacks.attacker import Attacker, Fleet
from attacks.dear_requests import fill
from attacks.frames import Call
from attacks.paths import UPDATE, WATCH
from harness.service import CHANNEL_OPTIONS
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

CROWDED = "crowded"
LIMITS = 300
_CROWDED_USERS = 1_000
_WRITES_A_SECOND = 100
_MAX_UNANSWERED = 100
QUIET = "quiet"
SHARED_WATCHES = 1_000
_CALLS_A_SECOND = 20
_CALL_TIMEOUT_S = 2.0


async def fill_crowded_board(address: str) -> None:
    """Write the users of the watched board that are missing."""
    await fill(address, CROWDED, _CROWDED_USERS)


async def limits(attacker: Attacker) -> None:
    """Watch a contest with 300 different limits, and write to it."""
    watchers, writers = Fleet(attacker, size=3), Fleet(attacker, size=1)
    wanted = [
        Call(WATCH, pb.WatchContestRequest(contest_id=CROWDED, limit=limit).SerializeToString())
        for limit in range(3, 3 * LIMITS + 3, 3)
    ]
    numbers = itertools.count()
    async for due in attacker.ticks(_WRITES_A_SECOND):
        if wanted and (connection := watchers.next()):
            connection.call(wanted.pop())
        for number in itertools.islice(numbers, due):
            connection = writers.next()
            if connection and len(connection.open) < _MAX_UNANSWERED:
                connection.call(_write(number))


def _write(number: int) -> Call:
    update = pb.UpdateScoreRequest(
        contest_id=CROWDED, user_id=f"u{number * 37 % _CROWDED_USERS}", points=1 + number % 300
    )
    return Call(UPDATE, update.SerializeToString())


async def shared_channel(attacker: Attacker) -> None:
    """Open 1,000 watches on one channel, and make unary calls on the same one."""
    address = f"127.0.0.1:{attacker.port}"
    async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        stub = LeaderboardServiceStub(channel)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(SHARED_WATCHES):
                tasks.create_task(_watch(attacker, stub))
            async for due in attacker.ticks(_CALLS_A_SECOND):
                for _ in range(due):
                    tasks.create_task(_call(attacker, stub))


async def _watch(attacker: Attacker, stub: LeaderboardServiceStub) -> None:
    try:
        async for _ in stub.WatchContest(pb.WatchContestRequest(contest_id=QUIET)):
            attacker.tally["watch_messages"] += 1
    except grpc.aio.AioRpcError as error:
        attacker.broken[f"a watch of the channel: {error.code().name}"] += 1


async def _call(attacker: Attacker, stub: LeaderboardServiceStub) -> None:
    began = time.monotonic()
    try:
        request = pb.GetTopUsersRequest(contest_id=QUIET)
        await stub.GetTopUsers(request, timeout=_CALL_TIMEOUT_S)
    except grpc.aio.AioRpcError as error:
        attacker.broken[f"a call beside 1,000 watches: {error.code().name}"] += 1
    slowest = max(attacker.figures.get("slowest_call_s", 0), time.monotonic() - began)
    attacker.figures["slowest_call_s"] = round(slowest, 3)
