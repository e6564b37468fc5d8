"""Metadata over the limit: the status of that call, with details, from every client."""

import grpc
import pytest

from contract.edge import ON_ONE_STORE, Edge
from contract.grpcurl import grpcurl, is_there
from contract.rejections import Rejection
from harness.calls import DEADLINE_S, add
from harness.service import SERVICE_NAME
from harness.statuses import status_of
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_ONE_STORE]

_LIMIT = 16_384
_ENOUGH = 1_024
"""More than the headers that each client sends by itself."""
_TOO_LARGE = Rejection(
    grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", {"maxBytes": str(_LIMIT)}
)


def _metadata(size: int, values: int) -> tuple[tuple[str, str], ...]:
    return tuple((f"x-{number}", "v" * (size // values)) for number in range(values))


@pytest.mark.parametrize("values", [1, 40], ids=["one", "many"])
@pytest.mark.parametrize("kib", [17, 24, 40, 60])
async def test_large_metadata(edge: Edge, contest_id: str, kib: int, values: int) -> None:
    """Between 16 and 64 KiB a call is rejected with the limit, and the next one succeeds."""
    request = pb.GetTopUsersRequest(contest_id=contest_id, limit=1)
    with pytest.raises(grpc.aio.AioRpcError) as rejected:
        await edge.stub.GetTopUsers(
            request, metadata=_metadata(kib * 1_024, values), timeout=DEADLINE_S
        )

    assert Rejection.of(status_of(rejected.value)) == _TOO_LARGE
    await add(edge.stub, contest_id, "ada", 1)


async def test_large_metadata_of_a_watch(edge: Edge, contest_id: str) -> None:
    """A watch is rejected alike."""
    request = pb.WatchContestRequest(contest_id=contest_id)
    watch = edge.stub.WatchContest(request, metadata=_metadata(40 * 1_024, 1), timeout=DEADLINE_S)
    with pytest.raises(grpc.aio.AioRpcError) as rejected:
        await watch.read()

    assert Rejection.of(status_of(rejected.value)) == _TOO_LARGE


async def test_metadata_within_the_limit(edge: Edge, contest_id: str) -> None:
    """Metadata of nearly 16 KiB, together with those of the client itself, are accepted."""
    request = pb.GetTopUsersRequest(contest_id=contest_id, limit=1)
    metadata = _metadata(_LIMIT - _ENOUGH, 1)
    assert await edge.stub.GetTopUsers(request, metadata=metadata, timeout=DEADLINE_S)


@pytest.mark.skipif(not is_there(), reason="grpcurl is not installed")
async def test_large_metadata_from_go(edge: Edge, contest_id: str) -> None:
    """grpcurl, a client in Go, gets the same status."""
    printed = await grpcurl(
        edge.service.address,
        f"{SERVICE_NAME}/GetTopUsers",
        options=(
            "-rpc-header",
            f"x-large: {'v' * 40_000}",
            "-d",
            f'{{"contestId": "{contest_id}"}}',
        ),
    )

    assert printed.exit_code != 0
    assert "ResourceExhausted" in printed.text
    assert "MESSAGE_TOO_LARGE" in printed.text
