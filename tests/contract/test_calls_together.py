"""Calls that arrive together: each is checked and answered for itself."""

import asyncio
from typing import TypeAlias

import grpc
import pytest
from google.protobuf.message import Message

from contract.edge import Edge
from contract.rejections import Rejection, invalid, malformed, out_of_range
from harness.statuses import status_of
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.asyncio(loop_scope="session")

_GOOD = 150
_EVERY = 5
"""One of so many calls is invalid."""

_Result: TypeAlias = Message | Rejection


async def _result(edge: Edge, rpc: str, request: Message | bytes) -> _Result:
    try:
        return await edge.answer(rpc, request)
    except grpc.aio.AioRpcError as error:
        return Rejection.of(status_of(error))


async def test_updates_among_invalid_ones(edge: Edge, contest_id: str) -> None:
    """Only those that are invalid are rejected; all others count, each with its own revision."""

    def update(user_id: str, points: int = 1) -> pb.UpdateScoreRequest:
        return pb.UpdateScoreRequest(contest_id=contest_id, user_id=user_id, points=points)

    rejected: list[tuple[Message | bytes, Rejection]] = [
        (update(""), invalid("user_id")),
        (b"\xff", malformed("UpdateScoreRequest")),
        (update("ada", 2**53 + 1), out_of_range(contest_id, "ada")),
    ] * 10
    requests: list[Message | bytes] = [update("ada") for _ in range(_GOOD)]
    for number, (request, _) in enumerate(rejected):
        requests.insert(_EVERY * number, request)

    results = await asyncio.gather(*(_result(edge, "UpdateScore", each) for each in requests))

    good = [result for result in results if isinstance(result, pb.UpdateScoreResponse)]
    assert sorted(result.user.score for result in good) == list(range(1, _GOOD + 1))
    assert all(result.user.score == result.position.revision for result in good)
    assert results[0 : _EVERY * len(rejected) : _EVERY] == [rejection for _, rejection in rejected]
    assert await edge.board(contest_id) == [("ada", _GOOD)]


async def test_ranks_among_invalid_ones(edge: Edge, contest_id: str) -> None:
    """Only those that are invalid or of unknown users are rejected; each other is its user's."""
    users = [f"user-{number}" for number in range(50)]
    await edge.batch(
        pb.BatchUpdateScoresRequest(
            updates=[
                pb.UpdateScoreRequest(contest_id=contest_id, user_id=user_id, points=100 - place)
                for place, user_id in enumerate(users)
            ]
        )
    )

    async def rank(user_id: str) -> object:
        request = pb.GetUserRankRequest(contest_id=contest_id, user_id=user_id)
        result = await _result(edge, "GetUserRank", request)
        if isinstance(result, pb.GetUserRankResponse):
            return result.user.user_id, result.user.rank
        assert isinstance(result, Rejection)
        return result.reason

    found = await asyncio.gather(
        *(rank(user_id) for known in users for user_id in ("", known, "unknown"))
    )

    assert found == [
        expected
        for place, user_id in enumerate(users, 1)
        for expected in ("INVALID_FIELD", (user_id, place), "USER_NOT_FOUND")
    ]
