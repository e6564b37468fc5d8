"""Every field of every method: valid values pass, and invalid ones are named."""

from typing import Any

import pytest

from contract.edge import ON_ONE_LISTENER, ON_ONE_STORE, RPCS, Edge
from contract.rejections import Rejection, invalid
from contract.requests import request_with, valid_request
from contract.values import FIELDS, Value
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_ONE_LISTENER, ON_ONE_STORE]


_WITHOUT_POSITION = (
    *("ListContests", "ListSeasons", "DeleteContest"),
    *("ListHiddenUsers", "EraseUser"),
)
"""Methods whose responses are of no position."""
_OF_A_CONTEST = ("GetContest", "UpdateContest", "ResetContest", "ListSeasons")
"""Methods that need the contest."""


def _rows(kind: str) -> list[Any]:
    return [
        pytest.param(rpc, path, value, id=f"{rpc}-{path}-{name}")
        for rpc, values_by_path in FIELDS.items()
        for path, values in values_by_path.items()
        for name, value in getattr(values, kind).items()
    ]


def _bad_updates() -> list[Any]:
    return [
        pytest.param(path, value, id=f"{path}-{name}")
        for path, values in FIELDS["UpdateScore"].items()
        for name, value in values.bad.items()
    ]


@pytest.mark.parametrize(("rpc", "path", "value"), _rows("bad"))
async def test_a_bad_value_is_rejected(
    edge: Edge, contest_id: str, rpc: str, path: str, value: Value
) -> None:
    """The status names this field alone, and nothing is written."""
    assert await edge.rejection(rpc, request_with(rpc, contest_id, path, value)) == invalid(path)


@pytest.mark.parametrize(("rpc", "path", "value"), _rows("good"))
async def test_a_good_value_is_accepted(
    edge: Edge, contest_id: str, rpc: str, path: str, value: Value
) -> None:
    """Values within the bounds, and the bounds themselves, are valid."""
    request: Any = request_with(rpc, contest_id, path, value)
    if rpc == "GetUserRank":
        await edge.answer(
            "UpdateScore",
            pb.UpdateScoreRequest(contest_id=request.contest_id, user_id=request.user_id),
        )
    elif rpc in _OF_A_CONTEST:
        contest = getattr(request, "contest", request)
        await edge.answer("UpdateScore", valid_request("UpdateScore", contest.contest_id))

    answer: Any = await edge.answer(rpc, request)

    answered = getattr(answer, "contest", answer)
    assert rpc in _WITHOUT_POSITION or answered.HasField("position")


@pytest.mark.parametrize(("path", "value"), _bad_updates())
async def test_a_bad_update_of_a_batch_does_not_affect_the_others(
    edge: Edge, contest_id: str, path: str, value: Value
) -> None:
    """A bad update gets the status of a single call with its index; the others are applied."""
    bad_update: Any = request_with("UpdateScore", contest_id, path, value)
    batch = pb.BatchUpdateScoresRequest(
        updates=[
            pb.UpdateScoreRequest(contest_id=contest_id, user_id="before", points=2),
            bad_update,
            pb.UpdateScoreRequest(contest_id=contest_id, user_id="after", points=1),
        ]
    )

    before, rejected, after = await edge.batch(batch)

    assert rejected == invalid(f"updates[1].{path}")
    assert not isinstance(before, Rejection)
    assert not isinstance(after, Rejection)
    assert (before.position.revision, after.position.revision) == (1, 2)
    assert await edge.board(contest_id) == [("before", 2), ("after", 1)]


@pytest.mark.parametrize("rpc", [rpc for rpc in RPCS if rpc != "ListContests"])
async def test_an_empty_request_is_rejected(edge: Edge, rpc: str) -> None:
    """A request of 0 bytes lacks all its required fields, and each is named."""
    required = {
        "UpdateScore": ("contest_id", "user_id"),
        "BatchUpdateScores": ("updates",),
        "GetTopUsers": ("contest_id",),
        "GetUserRank": ("contest_id", "user_id"),
        "BatchGetUserRanks": ("contest_id", "user_ids"),
        "GetScoreRank": ("contest_id",),
        "WatchContest": ("contest_id",),
        "CreateContest": ("contest.contest_id",),
        "GetContest": ("contest_id",),
        "UpdateContest": ("contest.contest_id", "update_mask"),
        "ResetContest": ("contest_id", "season"),
        "ListSeasons": ("contest_id",),
        "DeleteContest": ("contest_id",),
        "RemoveUsers": ("contest_id", "user_ids"),
        "HideUsers": ("contest_id", "user_ids"),
        "UnhideUsers": ("contest_id", "user_ids"),
        "ListHiddenUsers": ("contest_id",),
        "EraseUser": ("user_id",),
    }
    assert await edge.rejection(rpc, b"") == invalid(*required[rpc])


async def test_all_invalid_fields_are_named(edge: Edge) -> None:
    """One status names all invalid fields."""
    request = pb.UpdateScoreRequest(
        contest_id="a b",
        user_id="\\",
        mode=9,  # type: ignore[arg-type]
        request_id=" ",
        event_type="-",
        display_name="\n",
        season=-1,
    )
    request.event_time.nanos = -1

    rejection = await edge.rejection("UpdateScore", request)

    assert rejection == invalid(
        *("contest_id", "user_id", "mode"),
        *("request_id", "event_type", "event_time", "display_name", "season"),
    )


@pytest.mark.parametrize("rpc", RPCS)
async def test_the_required_fields_suffice(edge: Edge, contest_id: str, rpc: str) -> None:
    """Every other field has a default."""
    if rpc in ("GetUserRank", *_OF_A_CONTEST):
        await edge.answer("UpdateScore", valid_request("UpdateScore", contest_id))

    answer: Any = await edge.answer(rpc, valid_request(rpc, contest_id))

    assert not answer.DESCRIPTOR.fields_by_name.get("position") or answer.HasField("position")
