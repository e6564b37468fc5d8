"""Random requests: every method responds with a status of the contract."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contract.edge import ON_ONE_STORE, RPCS, Edge
from contract.requests import valid_request
from contract.values import MAX_INT32, MAX_INT64, MIN_INT32, MIN_INT64
from harness.calls import add
from harness.statuses import status_of
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_ONE_STORE]

_CONTEST = "fuzz"
_FUZZ = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_CODES = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
}
"""Statuses that a caller can get while store and server are up."""

_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: st.sampled_from([_CONTEST, "ada", ""])
    | st.text("abz._:@-", min_size=1, max_size=4)
    | st.text(max_size=130),
    FieldDescriptor.TYPE_INT32: st.integers(0, 5) | st.integers(MIN_INT32, MAX_INT32),
    FieldDescriptor.TYPE_INT64: st.integers(0, 5)
    | st.integers(-(2**53) - 1, 2**53 + 1)
    | st.integers(MIN_INT64, MAX_INT64),
    FieldDescriptor.TYPE_ENUM: st.integers(-1, 5),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
}


def _messages(kind: Descriptor) -> st.SearchStrategy[Any]:
    """Draw messages with any values, most of them near the valid ones."""
    fields = {field.name: _values(field) for field in kind.fields}
    return st.fixed_dictionaries({}, optional=fields).map(
        lambda values: GetMessageClass(kind)(**values)
    )


def _values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.message_type and field.message_type.GetOptions().map_entry:
        key, value = map(_values, field.message_type.fields)
        return st.dictionaries(key, value, max_size=3)
    one = _messages(field.message_type) if field.message_type else _SCALARS[field.type]
    return st.lists(one, max_size=3) if field.is_repeated else one


@st.composite
def _mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """Draw copies of a message with some bytes changed, removed or inserted."""
    mutant = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(mutant)))
        end = draw(st.integers(start, min(start + 2, len(mutant))))
        mutant[start:end] = draw(st.binary(max_size=3))
    return bytes(mutant)


async def _send(edge: Edge, rpc: str, data: bytes) -> None:
    """Send a request, and check that the result is one of the contract."""
    assume(rpc != "WatchContest" or not _waits(data))
    try:
        await edge.answer(rpc, data)
        code = grpc.StatusCode.OK
    except grpc.aio.AioRpcError as error:
        code = status_of(error).code
    assert code in _CODES


def _waits(data: bytes) -> bool:
    """Return whether a watch may get no message, because it resumes at the beginning."""
    try:
        request = pb.WatchContestRequest.FromString(data)
    except DecodeError:
        return False
    return request.HasField("resume_after") and request.resume_after == pb.Position()


@pytest_asyncio.fixture(loop_scope="session", autouse=True, name="survivor")
async def _survivor(edge: Edge) -> AsyncIterator[None]:
    """Check after each test that the same server still runs and accepts writes."""
    yield
    assert edge.service.process.exit_code is None
    assert (await add(edge.stub, "sound", "ada", 1)).applied


@pytest.mark.parametrize("rpc", RPCS)
@_FUZZ
@given(data=st.binary(max_size=200))
async def test_random_bytes(edge: Edge, rpc: str, data: bytes) -> None:
    """Random bytes get a status of the contract."""
    await _send(edge, rpc, data)


@pytest.mark.parametrize("rpc", RPCS)
@_FUZZ
@given(data=st.data())
async def test_damaged_messages(edge: Edge, rpc: str, data: st.DataObject) -> None:
    """A damaged message gets a response or a status of the contract."""
    whole = valid_request(rpc, _CONTEST).SerializeToString()
    await _send(edge, rpc, data.draw(_mutations(whole)))


@pytest.mark.parametrize("rpc", RPCS)
@_FUZZ
@given(data=st.data())
async def test_random_messages(edge: Edge, rpc: str, data: st.DataObject) -> None:
    """A message with any values gets a response or a status of the contract."""
    message = data.draw(_messages(RPCS[rpc].input_type))
    await _send(edge, rpc, message.SerializeToString())
