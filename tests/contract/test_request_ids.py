"""Request ids: repeats get the first result, and another payload is rejected."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contract.edge import Edge
from contract.rejections import request_id_reused
from harness.calls import DEADLINE_S, add
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _write(contest_id: str, **changed: Any) -> pb.UpdateScoreRequest:
    payload: dict[str, Any] = {
        "contest_id": contest_id,
        "user_id": "ada",
        "points": 5,
        "request_id": "write-1",
        "event_type": "goal",
        "event_time": Timestamp(seconds=1),
        "display_name": "Ada",
    }
    return pb.UpdateScoreRequest(**payload | changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"user_id": "bob"},
        {"points": 6},
        {"mode": pb.UPDATE_MODE_SET},
        {"event_type": "own-goal"},
        {"event_type": ""},
        {"event_time": Timestamp(seconds=1, nanos=1)},
        {"event_time": None},
        {"display_name": "Bob"},
        {"display_name": ""},
        {"season": 1},
    ],
    ids=str,
)
async def test_another_payload_is_rejected(
    edge: Edge, contest_id: str, changed: dict[str, Any]
) -> None:
    """A write with any other field value is rejected and has no effect."""
    await edge.answer("UpdateScore", _write(contest_id))

    rejection = await edge.rejection("UpdateScore", _write(contest_id, **changed))

    assert rejection == request_id_reused(contest_id, "write-1")
    assert await edge.board(contest_id) == [("ada", 5)]


async def test_the_same_payload_gets_the_first_result(edge: Edge, contest_id: str) -> None:
    """A repeat changes nothing and is marked as replayed."""
    first: Any = await edge.answer("UpdateScore", _write(contest_id))
    before = await edge.writes()

    repeat: Any = await edge.answer("UpdateScore", _write(contest_id))

    assert (first.replayed, repeat.replayed) == (False, True)
    repeat.replayed = False
    assert repeat == first
    assert await edge.writes() == before


async def test_an_id_belongs_to_one_contest(edge: Edge, contest_id: str) -> None:
    """The same id in another contest is another write."""
    await add(edge.stub, contest_id, "ada", 5, "write-1")

    answer = await add(edge.stub, f"{contest_id}-other", "bob", 7, "write-1")

    assert answer.applied


async def test_an_id_twice_in_a_batch(edge: Edge, contest_id: str) -> None:
    """Within a batch a repeat is replayed, and another payload is rejected."""
    write = _write(contest_id)

    first, repeat, reused = await edge.batch(
        pb.BatchUpdateScoresRequest(updates=[write, write, _write(contest_id, points=6)])
    )

    assert isinstance(first, pb.UpdateScoreResponse)
    assert isinstance(repeat, pb.UpdateScoreResponse)
    assert (first.replayed, repeat.replayed) == (False, True)
    assert first.position == repeat.position
    assert reused == request_id_reused(contest_id, "write-1")
    assert await edge.board(contest_id) == [("ada", 5)]


async def test_writes_without_an_id_are_all_applied(edge: Edge, contest_id: str) -> None:
    """Writes with an empty id are never repeats."""
    request = _write(contest_id, request_id="")

    answers = [await edge.stub.UpdateScore(request, timeout=DEADLINE_S) for _ in range(3)]

    assert [answer.user.score for answer in answers] == [5, 10, 15]
    assert not any(answer.replayed for answer in answers)
