"""The service by hand: grpcurl can call all of it."""

import json
import os
from typing import Any

import pytest

from contract.edge import ON_ONE_STORE, RPCS, Edge
from contract.grpcurl import grpcurl, is_there
from documents.output import pieces
from harness.service import CONTEST_SERVICE_NAME, SERVICE_NAME
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb

on_the_edge = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(autouse=True)
def _tools() -> None:
    """Skip without grpcurl; if `CI` is set, fail instead."""
    if not is_there():
        reason = "no grpcurl in PATH or .tools/bin: `make tools` builds it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


async def _call(edge: Edge, rpc: str, *options: str, **request: Any) -> dict[str, Any]:
    """Call a method, and return its one response."""
    printed = await grpcurl(
        edge.service.address, f"{SERVICE_NAME}/{rpc}", options=("-d", json.dumps(request), *options)
    )
    assert printed.exit_code == 0, printed.text
    answer = json.loads(printed.text)
    assert isinstance(answer, dict)
    return answer


@on_the_edge
@ON_ONE_STORE
async def test_list(edge: Edge) -> None:
    """All services and their methods are listed without proto files."""
    services = await grpcurl(edge.service.address, "list")
    names = (SERVICE_NAME, CONTEST_SERVICE_NAME)
    methods = [await grpcurl(edge.service.address, "list", name) for name in names]

    assert set(names) < set(services.text.split())
    listed = [method for each in methods for method in each.text.split()]
    assert set(listed) == {method.full_name for method in RPCS.values()}


@on_the_edge
@ON_ONE_STORE
@pytest.mark.parametrize(
    "symbol",
    [
        SERVICE_NAME,
        CONTEST_SERVICE_NAME,
        *(method.full_name for method in RPCS.values()),
        *(
            f"leaderboard.v1.{name}"
            for file in (pb.DESCRIPTOR, contests_pb2.DESCRIPTOR)
            for name in sorted(file.message_types_by_name)
        ),
        *(f"leaderboard.v1.{name}" for name in sorted(pb.DESCRIPTOR.enum_types_by_name)),
        "leaderboard.v1.ErrorReason",
    ],
)
async def test_describe(edge: Edge, symbol: str) -> None:
    """Each service, method, message and enum of the contract is described."""
    described = await grpcurl(edge.service.address, "describe", symbol)

    assert described.exit_code == 0, described.text
    assert described.text.startswith(f"{symbol} is a")


@on_the_edge
@ON_ONE_STORE
async def test_each_method_by_hand(edge: Edge, contest_id: str) -> None:
    """Every method can be called with JSON requests, and responds with JSON."""
    written = await _call(
        edge,
        "UpdateScore",
        contest_id=contest_id,
        user_id="ada",
        points=5,
        mode="UPDATE_MODE_SET",
        event_time="2022-12-18T16:35:00Z",
        display_name="Ada",
    )
    ada = {"user_id": "ada", "score": "5", "rank": 1, "display_name": "Ada", "place": 1}
    assert written == {"user": ada, "applied": True, "position": written["position"]}

    batch = await _call(
        edge,
        "BatchUpdateScores",
        updates=[
            {"contest_id": contest_id, "user_id": "bob", "points": "3"},
            {"contest_id": contest_id, "user_id": "b o b"},
        ],
    )
    assert [list(result) for result in batch["results"]] == [["response"], ["status"]]
    details = batch["results"][1]["status"]["details"]
    assert [detail["@type"].rpartition(".")[2] for detail in details] == ["ErrorInfo", "BadRequest"]

    board = await _call(edge, "GetTopUsers", contest_id=contest_id)
    bob = {"user_id": "bob", "score": "3", "rank": 2, "place": 2}
    assert (board["users"], board["total_users"]) == ([ada, bob], 2)

    standing = await _call(
        edge,
        "GetUserRank",
        contest_id=contest_id,
        user_id="bob",
        neighbors=1,
        min_position=board["position"],
    )
    assert (standing["user"], standing["neighbors"]) == (bob, [ada])

    users = await _call(
        edge, "BatchGetUserRanks", contest_id=contest_id, user_ids=["bob", "auth0|1"]
    )
    assert (users["users"], users["missing_user_ids"]) == ([bob], ["auth0|1"])

    score = await _call(edge, "GetScoreRank", contest_id=contest_id, score=4, around=1)
    assert (score["rank"], score["place"], score["around"]) == (2, 2, [bob])


@on_the_edge
@ON_ONE_STORE
async def test_a_watch_by_hand(edge: Edge, contest_id: str) -> None:
    """The stream is printed message by message until the time is up."""
    request = json.dumps({"contest_id": contest_id, "min_interval": "0.5s"})

    printed = await grpcurl(
        edge.service.address,
        f"{SERVICE_NAME}/WatchContest",
        options=("-max-time", "1", "-d", request),
    )

    first, *end = pieces(printed.text)
    assert first["position"] == {}
    assert first["snapshot"]["reason"] == "SNAPSHOT_REASON_INITIAL"
    assert first["snapshot"]["rules"]["order"] == "ORDER_HIGHEST_FIRST"
    assert end[:2] == ["ERROR:", "Code: DeadlineExceeded"]


@on_the_edge
@ON_ONE_STORE
async def test_a_rejection_by_hand(edge: Edge, contest_id: str) -> None:
    """The details of a status are printed in full."""
    request = json.dumps({"contest_id": contest_id, "user_id": "a b"})

    printed = await grpcurl(
        edge.service.address,
        f"{SERVICE_NAME}/UpdateScore",
        options=("-format-error", "-d", request),
    )

    assert printed.exit_code != 0
    status = json.loads(printed.text)
    info, bad_request = status["details"]
    assert status["code"] == 3
    assert (info["reason"], info["domain"]) == ("ERROR_REASON_INVALID_FIELD", "leaderboard.v1")
    assert info["metadata"] == {"field": "user_id"}
    (violation,) = bad_request["field_violations"]
    assert violation["field"] == "user_id"
