"""Problems: what the service refuses or does not answer, by the contract's reasons."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2
from google.rpc.code_pb2 import Code
from grpc_status import rpc_status

from harness.gateway import GatewayProcess, gateway
from harness.http import get
from harness.ports import free_port
from harness.service import ServiceProcess
from harness.stores import StoreProcess
from leaderboard_server.domain import errors
from leaderboard_server.domain.position import Position
from leaderboard_server.transport import statuses
from leaderboard_web.service import MAX_CALLS
from web.boards import ABSENT, CUP, HIDDEN, Web, problem_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = ("--timeout", "0.3", "--rate", "1000000")
"""Options of a gateway that soon gives a call up."""


async def problem_of(process: GatewayProcess, path: str, status: int) -> Any:
    """Return the problem that a gateway answers with, after a check of its form."""
    response = await get(process.address, path, Connection="close")
    problem = problem_in(response, status)
    assert ("retry-after" in response.headers) == (status == 503)
    return problem


_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Refusing(grpc.GenericRpcHandler):
    """A service that refuses all calls with the same status; with none it never answers."""

    def __init__(self) -> None:
        self.status: status_pb2.Status | None = None

    def service(self, _details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any]":
        """Return the handler of a call."""
        return grpc.unary_unary_rpc_method_handler(self._refuse)

    async def _refuse(self, _request: bytes, context: Any) -> None:
        if self.status is None:
            await asyncio.sleep(60)
        elif self.status.details:
            await context.abort_with_status(rpc_status.to_status(self.status))
        else:
            await context.abort(_CODES[self.status.code], self.status.message)


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="refusing_service")
async def _refusing_service() -> AsyncIterator[tuple[Refusing, str]]:
    """Yield a service that refuses all calls, and its address."""
    server, handler = grpc.aio.server(), Refusing()
    server.add_generic_rpc_handlers([handler])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield handler, f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.fixture(scope="module", name="refusing")
def _refusing(
    refusing_service: tuple[Refusing, str],
) -> Iterator[tuple[Refusing, GatewayProcess]]:
    """Yield a gateway, and the service that refuses its calls."""
    handler, address = refusing_service
    with gateway(address, *QUICK) as process:
        yield handler, process


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UserNotFound("cup", "ada"), 404),
        (errors.ContestNotFound("cup"), 404),
        (errors.SeasonNotFound("cup", 3), 404),
        (errors.PositionUnreachable("cup", Position("a", 3), Position("b", 4)), 409),
        (errors.StoreUnavailable(errors.StoreCause.LOADING), 503),
        (errors.ServerDraining(), 503),
        (errors.ReadQueueFull(), 503),
        (statuses.Overloaded("calls"), 503),
        (statuses.MalformedRequest("leaderboard.v1.GetTopUsersRequest"), 400),
        (statuses.InternalError("f3b1c2"), 502),
    ],
)
async def test_each_reason_of_reads(
    refusing: tuple[Refusing, GatewayProcess], error: errors.LeaderboardError, status: int
) -> None:
    """A problem has the reason, the metadata and the text of the service."""
    service, process = refusing
    service.status = statuses.status_of(error)
    problem = await problem_of(process, "/v1/contests/cup/top", status)
    info = error_details_pb2.ErrorInfo()
    assert service.status.details[0].Unpack(info)
    assert (problem["reason"], problem.get("metadata", {})) == (info.reason, dict(info.metadata))
    assert problem["detail"] == str(error)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.UNAUTHENTICATED, 502),
        (Code.PERMISSION_DENIED, 502),
        (Code.UNIMPLEMENTED, 502),
        (Code.UNKNOWN, 502),
        (Code.DATA_LOSS, 502),
        (Code.RESOURCE_EXHAUSTED, 503),
        (Code.UNAVAILABLE, 503),
        (Code.CANCELLED, 503),
        (Code.DEADLINE_EXCEEDED, 504),
    ],
)
async def test_statuses_that_are_not_of_the_service(
    refusing: tuple[Refusing, GatewayProcess], code: Code, status: int
) -> None:
    """Without a reason of the contract, as of a proxy, it is the way to the service that fails."""
    service, process = refusing
    service.status = status_pb2.Status(code=code, message="10.0.0.7 says no")
    problem = await problem_of(process, "/v1/contests/cup/top", status)
    assert "reason" not in problem
    assert "10.0.0.7" not in problem["detail"]
    name = Code.Name(code)
    line = f'"method": "GetTopUsers", "code": "{name}", "reason": "'
    await problem_of(process, "/v1/contests/cup/top", status)
    assert process.log.count(line) == 1, "logged once in a while"


async def test_violations_name_parameters(refusing: tuple[Refusing, GatewayProcess]) -> None:
    """What the service says of a field is said of the parameter that it came from."""
    service, process = refusing
    violations = (
        errors.FieldViolation("contest_id", "is bad"),
        errors.FieldViolation("user_ids[2]", "is worse"),
        errors.FieldViolation("min_position.epoch", "is worst"),
    )
    service.status = statuses.status_of(errors.InvalidRequest(violations))
    problem = await problem_of(process, "/v1/contests/cup/users?id=a", 400)
    fields = [violation["field"] for violation in problem["violations"]]
    assert fields == ["contest", "id[2]", "min_position.epoch"]
    assert problem["detail"] == "contest: is bad; id[2]: is worse; min_position.epoch: is worst"
    assert problem["metadata"] == {"field": "contest"}


async def test_no_answer(refusing: tuple[Refusing, GatewayProcess]) -> None:
    """A service that does not answer in the time of a call is 504."""
    service, process = refusing
    service.status = None
    await problem_of(process, "/v1/contests/cup/top", 504)


async def test_too_many_calls(refusing_service: tuple[Refusing, str]) -> None:
    """While calls wait for a service that does not answer, more than 200 are 503 at once."""
    service, address = refusing_service
    service.status = None
    with gateway(address, "--timeout", "5", "--rate", "1000000") as process:
        path = "/v1/contests/cup/top"
        requests = [get(process.address, path, Connection="close") for _ in range(MAX_CALLS + 20)]
        answers = Counter(response.status for response in await asyncio.gather(*requests))
    assert answers == {504: MAX_CALLS, 503: 20}


async def test_no_service() -> None:
    """Without a service that can be reached it is 503, and the description is served."""
    with gateway(f"127.0.0.1:{free_port()}", *QUICK) as process:
        await problem_of(process, "/v1/contests", 503)
        description = await get(process.address, "/openapi.json", Connection="close")
        assert description.status == 200


async def test_not_found(web: Web) -> None:
    """Users, contests and seasons that there are not are 404, each with its reason."""
    for user_id in ("no-one", HIDDEN):
        problem = await web.problem(f"/v1/contests/{CUP}/rank", 404, user_id=user_id)
        assert problem["reason"] == "ERROR_REASON_USER_NOT_FOUND"
        assert problem["metadata"] == {"contestId": CUP, "userId": user_id}
    for path in (f"/v1/contests/{ABSENT}", f"/v1/contests/{ABSENT}/seasons"):
        problem = await web.problem(path, 404)
        assert problem["reason"] == "ERROR_REASON_CONTEST_NOT_FOUND"
    for season in ("9", "-1"):
        problem = await web.problem(f"/v1/contests/{ABSENT}/top", 404, season=season)
        assert problem["reason"] == "ERROR_REASON_SEASON_NOT_FOUND"
    assert "reason" not in await web.problem("/nowhere", 404)


async def test_positions_that_are_not_reached(web: Web) -> None:
    """A position of another history, another season or of the future is 409, with the latest."""
    path = f"/v1/contests/{CUP}/top"
    now = (await web.json(path))["position"]
    before = (await web.json(path, season=1))["position"]
    for epoch, revision in (("x", 1), (before["epoch"], 1), (now["epoch"], 10**9)):
        problem = await web.problem(path, 409, min_position=f"{epoch}:{revision}")
        assert problem["reason"] == "ERROR_REASON_POSITION_UNREACHABLE"
        assert problem["metadata"] == {"contestId": CUP, **now}


async def test_a_store_that_is_away(own_store: StoreProcess, tmp_path: Path) -> None:
    """While the store is away it is 503 with the cause, and then the board is back."""
    async with ServiceProcess(tmp_path / "service", redis_url=own_store.url) as service:
        with gateway(service.address, "--timeout", "3") as process:
            own_store.end()
            path = "/v1/contests/cup/rank?user_id=ada"
            problem = await problem_of(process, path, 503)
            assert problem["reason"] == "ERROR_REASON_STORE_UNAVAILABLE"
            assert problem["metadata"]["cause"]
