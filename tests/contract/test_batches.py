"""Batches: their size, and an outcome for each update, independent of the others."""

from dataclasses import replace

import grpc
import pytest

from contract.edge import Edge
from contract.rejections import Rejection, invalid, out_of_range, request_id_reused
from harness.calls import DEADLINE_S, add
from harness.statuses import status_of_update
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.asyncio(loop_scope="session")

_TOO_MANY_POINTS = 2**53 + 1
_BAD_FIELDS = ("user_id", "request_id", "event_type", "display_name")
_DETAILED_BYTES = 2**16
"""Refusals of a batch that have all details."""


def _updates(contest_id: str, count: int) -> list[pb.UpdateScoreRequest]:
    return [
        pb.UpdateScoreRequest(contest_id=contest_id, user_id=f"user-{number}", points=number)
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1_001, 5_000])
async def test_a_batch_of_another_size_is_rejected_as_a_whole(
    edge: Edge, contest_id: str, count: int
) -> None:
    """A batch of 0 or more than 1,000 updates is invalid, and none of them is applied."""
    batch = pb.BatchUpdateScoresRequest(updates=_updates(contest_id, count))

    assert await edge.rejection("BatchUpdateScores", batch) == invalid("updates")


@pytest.mark.parametrize("count", [1, 1_000])
async def test_a_batch_of_full_size_is_accepted(edge: Edge, contest_id: str, count: int) -> None:
    """The smallest and the largest batch get an outcome for each update, in order."""
    outcomes = await edge.batch(pb.BatchUpdateScoresRequest(updates=_updates(contest_id, count)))

    results = [
        (outcome.user.user_id, outcome.user.score, outcome.position.revision)
        for outcome in outcomes
        if not isinstance(outcome, Rejection)
    ]
    assert results == [(f"user-{number}", number, number + 1) for number in range(count)]
    assert len(await edge.board(contest_id)) == count


async def test_a_batch_of_longest_fields_is_accepted(edge: Edge, contest_id: str) -> None:
    """1,000 updates with every field but attributes at its longest fit into one request."""
    contest_id = contest_id.ljust(64, "c")
    updates = [
        pb.UpdateScoreRequest(
            contest_id=contest_id,
            user_id=f"{number}".rjust(128, "u"),
            points=-(2**53),
            mode=pb.UPDATE_MODE_SET,
            request_id=f"{number}".rjust(64, "r"),
            event_type="e" * 64,
            display_name="🏆" * 128,
        )
        for number in range(1_000)
    ]
    for update in updates:
        update.event_time.FromJsonString("9999-12-31T23:59:59.999999999Z")

    outcomes = await edge.batch(pb.BatchUpdateScoresRequest(updates=updates))

    assert not [outcome for outcome in outcomes if isinstance(outcome, Rejection)]
    assert len(await edge.board(contest_id)) == 1_000


async def test_every_update_gets_its_own_outcome(edge: Edge, contest_id: str) -> None:
    """A rejected update has the status of a single call; the others are applied in order."""
    await add(edge.stub, contest_id, "ada", 5, "write-1")
    other = f"{contest_id}-other"
    batch = pb.BatchUpdateScoresRequest(
        updates=[
            pb.UpdateScoreRequest(contest_id=contest_id, user_id="bob", points=1),
            pb.UpdateScoreRequest(contest_id=contest_id, user_id="no such id"),
            pb.UpdateScoreRequest(contest_id=contest_id, user_id="bob", points=_TOO_MANY_POINTS),
            pb.UpdateScoreRequest(contest_id=contest_id, user_id="bob", request_id="write-1"),
            pb.UpdateScoreRequest(),
            pb.UpdateScoreRequest(contest_id=other, user_id="bob", points=7),
            pb.UpdateScoreRequest(contest_id=contest_id, user_id="bob", points=1),
        ]
    )

    outcomes = await edge.batch(batch)

    assert [
        outcome
        if isinstance(outcome, Rejection)
        else (outcome.user.score, outcome.position.revision)
        for outcome in outcomes
    ] == [
        (1, 2),
        invalid("updates[1].user_id"),
        out_of_range(contest_id, "bob"),
        request_id_reused(contest_id, "write-1"),
        invalid("updates[4].contest_id", "updates[4].user_id"),
        (7, 1),
        (2, 3),
    ]
    assert await edge.board(contest_id) == [("ada", 5), ("bob", 2)]
    assert await edge.board(other) == [("bob", 7)]


async def test_a_batch_of_bad_updates_writes_nothing(edge: Edge, contest_id: str) -> None:
    """The call succeeds with a status for each update, and the store is not called."""
    before = await edge.writes()

    outcomes = await edge.batch(
        pb.BatchUpdateScoresRequest(
            updates=[
                pb.UpdateScoreRequest(contest_id=contest_id),
                pb.UpdateScoreRequest(
                    contest_id=contest_id, user_id="ada", points=_TOO_MANY_POINTS
                ),
            ]
        )
    )

    assert outcomes == [invalid("updates[0].user_id"), out_of_range(contest_id, "ada")]
    assert await edge.writes() == before


async def test_a_thousand_bad_updates_have_a_status_each(edge: Edge, contest_id: str) -> None:
    """Each status has its reason and first field; all fields are named in the first 64 KiB."""
    update = pb.UpdateScoreRequest(
        contest_id=contest_id, user_id="\\", request_id=" ", event_type="/", display_name="\n"
    )

    answer = await edge.stub.BatchUpdateScores(
        pb.BatchUpdateScoresRequest(updates=[update] * 1_000), timeout=DEADLINE_S
    )

    size, whole, brief = 0, [], []
    for index, result in enumerate(answer.results):
        paths = [f"updates[{index}].{field}" for field in _BAD_FIELDS]
        rejection = Rejection.of(status_of_update(result.status))
        if size < _DETAILED_BYTES:
            whole.append(rejection == invalid(*paths))
        else:
            brief.append(rejection == replace(invalid(*paths), fields=()))
            assert result.status.message == f"{paths[0]} is invalid"
        size += result.status.ByteSize()
    assert all(whole)
    assert all(brief)
    assert len(whole) + len(brief) == 1_000
    assert answer.ByteSize() < _DETAILED_BYTES + 1_000 * 200


async def test_refusals_are_counted_as_bytes(edge: Edge, contest_id: str) -> None:
    """A hundred refusals have all details, however many updates are accepted beside them."""
    good = pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", points=1)
    bad = pb.UpdateScoreRequest(contest_id=contest_id, user_id="\\")

    outcomes = await edge.batch(pb.BatchUpdateScoresRequest(updates=[*[good] * 900, *[bad] * 100]))

    assert outcomes[900:] == [invalid(f"updates[{index}].user_id") for index in range(900, 1_000)]


async def test_a_batch_of_half_a_million_empty_updates(edge: Edge) -> None:
    """Far too many updates are as invalid as one too many; the same with bytes that follow."""
    for data in (b"\x0a\x00" * 2**19, b"\x0a\x00" * (2**19 - 1) + b"\xff"):
        rejection = await edge.rejection("BatchUpdateScores", data, grpc.Compression.Gzip)

        assert rejection == invalid("updates")
