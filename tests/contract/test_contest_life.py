"""Contests that are scheduled, open or closed, by their times."""

import time
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contract.edge import Edge
from contract.rejections import Rejection, contest_not_open, invalid
from contract.test_contest_settings import change, create, get, new, update
from harness.calls import DEADLINE_S, add
from harness.waiting import eventually
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session")]

PAST = Timestamp(seconds=1_700_000_000)
PAST_MS = Timestamp(seconds=1_700_000_000, nanos=5_999_999)
FUTURE = Timestamp(seconds=4_102_444_800)


def _write(contest_id: str, points: int = 5, request_id: str = "") -> pb.UpdateScoreRequest:
    return pb.UpdateScoreRequest(
        contest_id=contest_id, user_id="ada", points=points, request_id=request_id
    )


@pytest.mark.parametrize(
    ("times", "state", "time"),
    [
        pytest.param({"starts_at": FUTURE}, "SCHEDULED", "2100-01-01T00:00:00Z", id="scheduled"),
        pytest.param({"ends_at": PAST}, "CLOSED", "2023-11-14T22:13:20Z", id="closed"),
        pytest.param({"ends_at": PAST_MS}, "CLOSED", "2023-11-14T22:13:20.005Z", id="to the ms"),
    ],
)
async def test_contest_that_is_not_open_refuses_writes(
    edge: Edge, contest_id: str, times: dict[str, Timestamp], state: str, time: str
) -> None:
    """The status has the state and its time, also in a batch, and nothing is written."""
    created = await create(edge, contest_id, **times)
    refused = contest_not_open(contest_id, state, time)

    assert created.state == contests.ContestState.Value(f"CONTEST_STATE_{state}")
    for request_id in ("", "write-1"):
        request = _write(contest_id, request_id=request_id)
        assert await edge.rejection("UpdateScore", request) == refused
        assert await edge.batch(pb.BatchUpdateScoresRequest(updates=[request] * 2)) == [refused] * 2
    assert await get(edge, contest_id) == created
    assert await edge.board(contest_id) == []


async def test_contest_closes_by_itself(edge: Edge, contest_id: str) -> None:
    """From its end on it is closed, and its board stays as it is."""
    ends_at = Timestamp()
    ends_at.FromMilliseconds(time.time_ns() // 1_000_000 + 1_500)
    assert (await create(edge, contest_id, ends_at=ends_at)).state == contests.CONTEST_STATE_OPEN
    await edge.answer("UpdateScore", _write(contest_id))

    async def closed() -> bool:
        return (await get(edge, contest_id)).state == contests.CONTEST_STATE_CLOSED

    await eventually(closed, "the contest is closed")
    refused = contest_not_open(contest_id, "CLOSED", ends_at.ToJsonString())
    assert await edge.rejection("UpdateScore", _write(contest_id)) == refused
    assert await edge.board(contest_id) == [("ada", 5)]


async def test_repeat_of_a_write_that_counted_gets_its_first_answer(
    edge: Edge, contest_id: str
) -> None:
    """After the end only a write with an id of then is answered, and another payload is reused."""
    await create(edge, contest_id)
    first: Any = await edge.answer("UpdateScore", _write(contest_id, request_id="write-1"))
    await update(edge, contest_id, "ends_at", ends_at=PAST)
    before = await edge.writes()

    repeat: Any = await edge.answer("UpdateScore", _write(contest_id, request_id="write-1"))

    assert await edge.writes() == before
    assert (repeat.replayed, repeat.user, repeat.position) == (True, first.user, first.position)
    other = await edge.rejection("UpdateScore", _write(contest_id, 6, "write-1"))
    assert other.reason == "REQUEST_ID_REUSED"
    new_write = await edge.rejection("UpdateScore", _write(contest_id, request_id="write-2"))
    assert new_write.reason == "CONTEST_NOT_OPEN"
    both = await edge.batch(
        pb.BatchUpdateScoresRequest(
            updates=[_write(contest_id), _write(contest_id, request_id="write-1")]
        )
    )
    assert isinstance(both[0], Rejection)
    assert both[1] == repeat


@pytest.mark.parametrize("later", [FUTURE, None], ids=["a later end", "no end"])
async def test_contest_is_opened_again(
    edge: Edge, contest_id: str, later: Timestamp | None
) -> None:
    """A later end, or none, opens it, and writes count on."""
    await add(edge.stub, contest_id, "ada", 5)
    closed = await update(edge, contest_id, "ends_at", ends_at=PAST)

    reopened = await update(edge, contest_id, "ends_at", ends_at=later)

    assert closed.state == contests.CONTEST_STATE_CLOSED
    assert reopened.state == contests.CONTEST_STATE_OPEN
    assert reopened.HasField("ends_at") == (later is not None)
    assert reopened.position.revision == closed.position.revision + 1
    assert (await add(edge.stub, contest_id, "ada", 1)).user.score == 6


async def test_scheduled_contest_is_opened_early(edge: Edge, contest_id: str) -> None:
    """An earlier start opens it."""
    await create(edge, contest_id, starts_at=FUTURE)

    opened = await update(edge, contest_id, "starts_at", starts_at=PAST)

    assert opened.state == contests.CONTEST_STATE_OPEN
    assert (await add(edge.stub, contest_id, "ada", 1)).applied


async def test_contest_ends_after_it_starts(edge: Edge, contest_id: str) -> None:
    """An end that is not later is rejected, also together with a start that is not changed."""
    wrong = invalid("contest.ends_at")
    for ends_at in (PAST, FUTURE):
        request = new(contest_id, starts_at=FUTURE, ends_at=ends_at)
        assert await edge.rejection("CreateContest", request) == wrong
    await create(edge, contest_id, starts_at=PAST, ends_at=FUTURE)

    for path, value in (("ends_at", PAST), ("starts_at", FUTURE)):
        changed = change(contest_id, path, **{path: value})
        assert await edge.rejection("UpdateContest", changed) == wrong


async def test_contest_is_created_again_with_equal_times_alone(edge: Edge, contest_id: str) -> None:
    """Times that differ by less than a millisecond are equal."""
    created = await create(edge, contest_id, ends_at=PAST_MS)
    equal = Timestamp(seconds=PAST_MS.seconds, nanos=5_000_000)

    assert await create(edge, contest_id, ends_at=equal) == created
    for times in ({}, {"ends_at": PAST}, {"ends_at": equal, "starts_at": Timestamp(seconds=1)}):
        rejection = await edge.rejection("CreateContest", new(contest_id, **times))
        assert rejection.reason == "CONTEST_ALREADY_EXISTS"


async def test_contests_are_listed_by_their_state(edge: Edge, contest_id: str) -> None:
    """Pages hold the contests of the state alone, and all of them together."""
    states = {
        contests.CONTEST_STATE_SCHEDULED: {"starts_at": FUTURE},
        contests.CONTEST_STATE_OPEN: {"ends_at": FUTURE},
        contests.CONTEST_STATE_CLOSED: {"ends_at": PAST},
    }
    for number, times in enumerate([*states.values()] * 3):
        await create(edge, f"{contest_id}.{number}", **times)
    await add(edge.stub, f"{contest_id}.9", "ada", 1)

    for index, state in enumerate(states):
        expected = [f"{contest_id}.{number}" for number in (index, index + 3, index + 6)]
        if state == contests.CONTEST_STATE_OPEN:
            expected.append(f"{contest_id}.9")
        for size in (1, 2, 100):
            listed = await _listed(edge, f"{contest_id}.", state, size)
            assert [contest.contest_id for contest in listed] == expected
            assert {contest.state for contest in listed} == {state}


async def _listed(
    edge: Edge, prefix: str, state: contests.ContestState, size: int
) -> list[contests.Contest]:
    listed: list[contests.Contest] = []
    request = contests.ListContestsRequest(id_prefix=prefix, state=state, page_size=size)
    while True:
        page = await edge.contests.ListContests(request, timeout=DEADLINE_S)
        assert len(page.contests) <= size
        listed += page.contests
        if not page.next_page_token:
            return listed
        request.page_token = page.next_page_token


async def test_contest_expires(edge: Edge, contest_id: str) -> None:
    """A closed contest is gone once its time is up, and a write begins another one."""
    await create(edge, contest_id, ends_at=PAST)
    expired = await update(edge, contest_id, "expire_after", expire_after={"seconds": 1})
    assert expired.contest_id == contest_id

    async def gone() -> bool:
        try:
            await get(edge, contest_id)
        except grpc.aio.AioRpcError as error:
            return error.code() == grpc.StatusCode.NOT_FOUND
        return False

    await eventually(gone, "the contest is gone")
    assert await edge.board(contest_id) == []
    written = await add(edge.stub, contest_id, "ada", 1)
    assert (written.user.score, written.position.revision) == (1, 1)
    assert written.position.epoch != expired.position.epoch
