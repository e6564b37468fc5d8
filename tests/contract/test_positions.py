"""Positions in requests: their fields, and reachable and unreachable ones."""

from typing import Any

import grpc
import pytest

from contract.edge import Edge
from contract.rejections import Rejection, invalid, unreachable
from harness.calls import add
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.asyncio(loop_scope="session")

_POSITION_FIELDS = {
    "GetTopUsers": "min_position",
    "GetUserRank": "min_position",
    "WatchContest": "resume_after",
}
_READS = ["GetTopUsers", "GetUserRank"]


def _request(rpc: str, contest_id: str, position: pb.Position, user_id: str = "ada") -> Any:
    if rpc == "GetTopUsers":
        return pb.GetTopUsersRequest(contest_id=contest_id, min_position=position)
    if rpc == "GetUserRank":
        return pb.GetUserRankRequest(contest_id=contest_id, user_id=user_id, min_position=position)
    return pb.WatchContestRequest(contest_id=contest_id, resume_after=position)


@pytest.mark.parametrize(("rpc", "field"), _POSITION_FIELDS.items())
async def test_a_revision_belongs_to_an_epoch(
    edge: Edge, contest_id: str, rpc: str, field: str
) -> None:
    """A revision without an epoch is rejected."""
    request = _request(rpc, contest_id, pb.Position(revision=1))

    assert await edge.rejection(rpc, request) == invalid(f"{field}.epoch")


@pytest.mark.parametrize(("rpc", "field"), _POSITION_FIELDS.items())
async def test_all_problems_of_a_position_are_named(
    edge: Edge, contest_id: str, rpc: str, field: str
) -> None:
    """If epoch and revision are invalid, both are named."""
    request = _request(rpc, contest_id, pb.Position(epoch="a b", revision=-1))

    assert await edge.rejection(rpc, request) == invalid(f"{field}.epoch", f"{field}.revision")


@pytest.mark.parametrize("rpc", _READS)
async def test_a_position_that_was_reached(edge: Edge, contest_id: str, rpc: str) -> None:
    """A read with an earlier or the current position gets the current state."""
    first = (await add(edge.stub, contest_id, "ada", 5)).position
    last = (await add(edge.stub, contest_id, "ada", 5)).position
    start = pb.Position(epoch=first.epoch)

    for position in (pb.Position(), start, first, last):
        answer: Any = await edge.answer(rpc, _request(rpc, contest_id, position))
        assert answer.position == last


@pytest.mark.parametrize("rpc", _READS)
@pytest.mark.parametrize("revision", [2, 2**53])
async def test_a_position_that_is_not_reached_yet(
    edge: Edge, contest_id: str, rpc: str, revision: int
) -> None:
    """A later revision than the store's is rejected at once, with the current position."""
    now = (await add(edge.stub, contest_id, "ada", 5)).position

    rejection = await edge.rejection(
        rpc, _request(rpc, contest_id, pb.Position(epoch=now.epoch, revision=revision))
    )

    assert rejection == unreachable(contest_id, now.epoch, 1)


@pytest.mark.parametrize("rpc", _READS)
@pytest.mark.parametrize("user_id", ["ada", "nobody"])
@pytest.mark.parametrize("revision", [0, 1])
async def test_a_position_of_another_epoch(
    edge: Edge, contest_id: str, rpc: str, user_id: str, revision: int
) -> None:
    """A position of another epoch is rejected, also for a user without a score."""
    now = (await add(edge.stub, contest_id, "ada", 5)).position
    position = pb.Position(epoch="e" * 64, revision=revision)

    rejection = await edge.rejection(rpc, _request(rpc, contest_id, position, user_id))

    assert rejection == unreachable(contest_id, now.epoch, 1)


@pytest.mark.parametrize("rpc", _READS)
async def test_a_position_of_a_contest_that_does_not_exist(
    edge: Edge, contest_id: str, rpc: str
) -> None:
    """An unknown contest is at the beginning and reaches no other position."""
    rejection = await edge.rejection(
        rpc, _request(rpc, contest_id, pb.Position(epoch="5d2f", revision=1))
    )

    assert rejection == unreachable(contest_id, "", 0)


@pytest.mark.parametrize("place", ["the window", "below the window"])
async def test_a_position_is_reached_wherever_the_ranks_are_read(
    edge: Edge, contest_id: str, place: str
) -> None:
    """The rule holds for ranks from the window and for ranks from the store."""
    now = (await add(edge.stub, contest_id, "ada", 5)).position
    rank = 1 if place == "the window" else 5_000
    request = pb.GetTopUsersRequest(contest_id=contest_id, start_rank=rank, min_position=now)
    answer: Any = await edge.answer("GetTopUsers", request)
    assert answer.position == now

    request.min_position.revision += 1

    assert await edge.rejection("GetTopUsers", request) == unreachable(contest_id, now.epoch, 1)


@pytest.mark.parametrize(
    ("epoch", "revision", "reason"),
    [
        pytest.param("5d2f", 1, pb.SNAPSHOT_REASON_NEW_EPOCH, id="another epoch"),
        pytest.param("", 2, pb.SNAPSHOT_REASON_AHEAD, id="ahead"),
        pytest.param("", 2**53, pb.SNAPSHOT_REASON_AHEAD, id="far ahead"),
    ],
)
async def test_a_watch_can_always_resume(
    edge: Edge, contest_id: str, epoch: str, revision: int, reason: pb.SnapshotReason
) -> None:
    """A watcher with an unreachable position gets a snapshot with the reason."""
    now = (await add(edge.stub, contest_id, "ada", 5)).position
    position = pb.Position(epoch=epoch or now.epoch, revision=revision)

    message: Any = await edge.answer("WatchContest", _request("WatchContest", contest_id, position))

    assert message.snapshot.reason == reason
    assert message.position == now


async def test_the_status_of_an_unreachable_position_has_no_retry_info(
    edge: Edge, contest_id: str
) -> None:
    """The status has no RetryInfo, because a retry does not help."""
    rejection = await edge.rejection(
        "GetTopUsers", _request("GetTopUsers", contest_id, pb.Position(epoch="5d2f", revision=1))
    )

    assert rejection == Rejection(
        grpc.StatusCode.FAILED_PRECONDITION,
        "POSITION_UNREACHABLE",
        {"contestId": contest_id, "epoch": "", "revision": "0"},
        retry=False,
    )
