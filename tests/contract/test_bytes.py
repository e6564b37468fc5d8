"""Requests that are malformed, too large, compressed, or for an unknown method."""

from typing import Any

import grpc
import pytest

from contract.edge import ON_ONE_STORE, RPCS, Edge, UnaryCall
from contract.rejections import MAX_REQUEST_BYTES, invalid, malformed, too_large
from contract.requests import valid_request
from harness.calls import DEADLINE_S
from harness.service import SERVICE_NAME

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_ONE_STORE]

_LISTENER_BYTES = 4 * 2**20
"""The largest request that grpcio accepts; a larger one is rejected without details."""
_PADDING_TAG = b"\xa2\x7f"
"""Begins field 2036, which no message has, as bytes."""

_NOT_THE_MESSAGE = {
    "a tag cut off": b"\x80",
    "a varint cut off": b"\x10\x80\x80",
    "a varint of eleven bytes": b"\x10" + b"\xff" * 10 + b"\x01",
    "a length beyond the end": b"\x0a\x7fabc",
    "a length of 2^31": b"\x0a\x80\x80\x80\x80\x08",
    "a length of 2^63": b"\x0a" + b"\xff" * 9 + b"\x01",
    "field number 0": b"\x02\x00",
    "wire type 6": b"\x0e\x00",
    "wire type 7": b"\x0f\x00",
    "a group that never ends": b"\x0b",
    "a group that never began": b"\x0c",
    "groups within groups": b"\xa3\x7f" * 1_000,
    "text that is not UTF-8": b"\x0a\x02\xc3\x28",
    "half a surrogate pair": b"\x0a\x03\xed\xa0\x80",
    "an overlong slash": b"\x0a\x02\xc0\xaf",
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "JSON": b'{"contest_id": "chess", "user_id": "ada"}',
    "the same byte": b"\xff" * 1_000,
}


def _padded(rpc: str, contest_id: str, size: int) -> bytes:
    """Return a valid request of this size, filled up with an unknown field."""
    head = valid_request(rpc, contest_id).SerializeToString() + _PADDING_TAG
    room = size - len(head)
    length = _varint(room - len(_varint(room)))
    return head + length + b"\0" * (room - len(length))


_OF_ONE_CONTEST = [
    rpc for rpc, method in RPCS.items() if method.input_type.fields[0].name == "contest_id"
]
"""The methods whose first field is the id of the contest."""


def _varint(number: int) -> bytes:
    text = b""
    while number > 0x7F:
        text += bytes([number & 0x7F | 0x80])
        number >>= 7
    return text + bytes([number])


@pytest.mark.parametrize("rpc", [rpc for rpc in RPCS if rpc != "ListContests"])
@pytest.mark.parametrize("data", _NOT_THE_MESSAGE.values(), ids=_NOT_THE_MESSAGE)
async def test_bytes_that_are_not_the_message(edge: Edge, rpc: str, data: bytes) -> None:
    """Bytes that are not the message are rejected, and the status names the message."""
    rejection = await edge.rejection(rpc, data)

    # Text that is not UTF-8 is only found in a text field of the message.
    named = RPCS[rpc].input_type.name
    nested = rpc == "BatchUpdateScores"
    assert rejection == malformed(named) or (nested and rejection == invalid("updates"))


@pytest.mark.parametrize("rpc", [rpc for rpc in RPCS if rpc != "GetUserRank"])
async def test_cut_messages_are_rejected(edge: Edge, contest_id: str, rpc: str) -> None:
    """A message without its last byte is malformed, or lacks a required field."""
    whole = valid_request(rpc, contest_id).SerializeToString()

    rejection = await edge.rejection(rpc, whole[:-1])

    assert rejection == malformed(RPCS[rpc].input_type.name)


@pytest.mark.parametrize("rpc", _OF_ONE_CONTEST)
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x08\x01", id="a varint"),
        pytest.param(b"\x09" + b"\x01" * 8, id="eight bytes"),
        pytest.param(b"\x0d" + b"\x01" * 4, id="four bytes"),
        pytest.param(b"\x0b\x0c", id="a group"),
    ],
)
async def test_a_field_of_another_wire_type_is_not_that_field(
    edge: Edge, rpc: str, data: bytes
) -> None:
    """The field is parsed as an unknown one, so the contest id is missing."""
    rejection = await edge.rejection(rpc, data)

    assert rejection.fields[0] == "contest_id"


@pytest.mark.parametrize("rpc", _OF_ONE_CONTEST)
async def test_an_empty_field_is_a_missing_one(edge: Edge, contest_id: str, rpc: str) -> None:
    """If a field is sent twice, the last value counts, even if it is empty."""
    data = valid_request(rpc, contest_id).SerializeToString() + b"\x0a\x00"

    assert await edge.rejection(rpc, data) == invalid("contest_id")


@pytest.mark.parametrize("rpc", RPCS)
async def test_unknown_fields_are_valid(edge: Edge, contest_id: str, rpc: str) -> None:
    """A newer client may send fields that this version does not know, in up to 1 MiB."""
    await edge.answer("UpdateScore", valid_request("UpdateScore", contest_id))

    for size in (100, MAX_REQUEST_BYTES):
        data = _padded(rpc, contest_id, size)
        assert len(data) == size
        await edge.answer(rpc, data)


@pytest.mark.parametrize("rpc", RPCS)
@pytest.mark.parametrize("size", [MAX_REQUEST_BYTES + 1, _LISTENER_BYTES])
async def test_a_request_that_is_too_large(
    edge: Edge, contest_id: str, rpc: str, size: int
) -> None:
    """A request of 1 MiB and one byte is rejected, with the limit in the details."""
    assert await edge.rejection(rpc, _padded(rpc, contest_id, size)) == too_large()


@pytest.mark.parametrize("rpc", ["UpdateScore", "WatchContest"])
@pytest.mark.parametrize("compression", list(grpc.Compression), ids=lambda value: value.name)
async def test_a_request_that_is_far_too_large(
    edge: Edge, contest_id: str, rpc: str, compression: grpc.Compression, listener: str
) -> None:
    """Reading and decompressing stop at the limit; grpcio gives no details then."""
    data = _padded(rpc, contest_id, 2 * _LISTENER_BYTES)
    if listener == "front":
        assert await edge.rejection(rpc, data, compression) == too_large()
        return
    before = await edge.writes()

    with pytest.raises(grpc.aio.AioRpcError) as rejected:
        await edge.answer(rpc, data, compression)

    assert rejected.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await edge.writes() == before


@pytest.mark.parametrize("rpc", RPCS)
@pytest.mark.parametrize("compression", list(grpc.Compression), ids=lambda value: value.name)
async def test_compressed_requests(
    edge: Edge, contest_id: str, rpc: str, compression: grpc.Compression
) -> None:
    """A request may be compressed; its decompressed size counts."""
    await edge.answer("UpdateScore", valid_request("UpdateScore", contest_id))

    await edge.answer(rpc, _padded(rpc, contest_id, MAX_REQUEST_BYTES), compression)

    data = _padded(rpc, contest_id, MAX_REQUEST_BYTES + 1)
    assert await edge.rejection(rpc, data, compression) == too_large()


@pytest.mark.parametrize(
    "path",
    [
        f"/{SERVICE_NAME}/DeleteContest",
        f"/{SERVICE_NAME}/updatescore",
        f"/{SERVICE_NAME}/",
        f"/{SERVICE_NAME}/UpdateScore/",
        "/leaderboard.v2.LeaderboardService/UpdateScore",
        "/UpdateScore",
        "/",
    ],
)
async def test_an_unknown_method(edge: Edge, path: str) -> None:
    """Any request to an unknown method gets UNIMPLEMENTED."""
    call: UnaryCall = edge.service.channel.unary_unary(path)

    with pytest.raises(grpc.aio.AioRpcError) as rejected:
        await call(b"", timeout=DEADLINE_S)

    assert rejected.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_more_messages_than_one(edge: Edge, contest_id: str, listener: str) -> None:
    """If a unary method gets many messages, grpcio reads the first; the front rejects the call."""
    request = valid_request("UpdateScore", contest_id).SerializeToString()
    call: Any = edge.service.channel.stream_unary(f"/{SERVICE_NAME}/UpdateScore")
    answer = call(iter([request, request, b"\xff"]), timeout=DEADLINE_S)

    if listener == "grpcio":
        await answer
        assert await edge.board(contest_id) == [("ada", 5)]
        return
    with pytest.raises(grpc.aio.AioRpcError, match="more than one message"):
        await answer
    assert await edge.board(contest_id) == []
