"""Small requests that cause much work, and pages deep in a large board."""

import random

import grpc

from attacks.attacker import Attacker, Fleet
from attacks.frames import Call
from attacks.paths import BATCH, TOP
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

_EMPTY_UPDATE = b"\x0a\x00"
_BATCH = 1_000
_BOMBS_A_SECOND = 100
_REFUSED_BATCHES_A_SECOND = 10
"""Each costs as much as a legal batch of 1,000."""
_MAX_UNANSWERED_BATCHES = 10
"""Half of the updates of batches that a server takes at a time: more would be overload."""
_PAGES_A_SECOND = 130
_MAX_UNANSWERED = 200
LARGE = "large"
LARGE_USERS = 200_000


async def gzip_bomb(attacker: Attacker) -> None:
    """Send 1 kB that expands to 524,288 empty updates."""
    await _repeat(attacker, [Call.compressed(BATCH, _EMPTY_UPDATE * 2**19)], _BOMBS_A_SECOND)


async def many_refusals(attacker: Attacker) -> None:
    """Send a batch of 143 bytes whose 1,000 updates are all invalid."""
    calls = [Call.compressed(BATCH, _EMPTY_UPDATE * _BATCH)]
    await _repeat(attacker, calls, _REFUSED_BATCHES_A_SECOND, _MAX_UNANSWERED_BATCHES)


async def deep_pages(attacker: Attacker) -> None:
    """Read pages of 1,000 rows anywhere in a board of 200,000 users."""
    chance = random.Random(0)
    pages = [
        pb.GetTopUsersRequest(
            contest_id=LARGE, limit=1_000, start_rank=chance.randrange(2_000, LARGE_USERS)
        )
        for _ in range(100)
    ]
    calls = [Call(TOP, page.SerializeToString()) for page in pages]
    await _repeat(attacker, calls, _PAGES_A_SECOND)


async def fill_large_board(address: str) -> None:
    """Write the users of the large board that are missing."""
    await fill(address, LARGE, LARGE_USERS)


async def fill(address: str, contest_id: str, users: int) -> None:
    """Give a contest this many users."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = LeaderboardServiceStub(channel)
        top = await stub.GetTopUsers(pb.GetTopUsersRequest(contest_id=contest_id, limit=1))
        for first in range(top.total_users, users, _BATCH):
            numbers = range(first, min(first + _BATCH, users))
            batch = pb.BatchUpdateScoresRequest(
                updates=[
                    pb.UpdateScoreRequest(
                        contest_id=contest_id, user_id=f"u{number}", points=number * 7919 % users
                    )
                    for number in numbers
                ]
            )
            await stub.BatchUpdateScores(batch, timeout=30)


async def _repeat(
    attacker: Attacker, calls: list[Call], rate: float, max_unanswered: int = _MAX_UNANSWERED
) -> None:
    fleet = Fleet(attacker, size=4)
    sent = 0
    async for due in attacker.ticks(rate):
        for _ in range(due):
            unanswered = sum(len(each.open) for each in fleet.connections)
            connection = fleet.next()
            if connection and unanswered < max_unanswered:
                connection.call(calls[sent % len(calls)])
                sent += 1
