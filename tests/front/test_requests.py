"""Requests that are malformed, compressed or too large, and their statuses."""

import contextlib
import gzip
import resource
from base64 import b64encode

import pytest

from front.listeners import DETAILS, ECHO, serve, still_serves
from front.raw_client import connect, framed


def peak_bytes() -> int:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def test_a_large_message_is_refused_by_its_announced_length() -> None:
    """The status comes after the length, before the message."""
    async with serve() as served, connect(served.port) as client:
        stream = await client.start(ECHO)
        await client.data(stream, framed(b"x", length=2**20 + 1), end=False)
        ended = await client.ended(stream)
        assert ended["grpc-status"] == "8"
        assert ended["grpc-message"] == "over message"
        assert ended["grpc-status-details-bin"] == b64encode(DETAILS).rstrip(b"=").decode()
        await still_serves(served)


async def test_decompression_stops_at_the_limit() -> None:
    """A small request that decompresses to 256 MiB is refused, and takes no memory."""
    async with serve(max_message_bytes=4 * 2**20) as served, connect(served.port) as client:
        bomb = gzip.compress(bytes(2**20) * 256)
        before = peak_bytes()
        ended = await client.call(ECHO, framed(bomb, compressed=True), ("grpc-encoding", "gzip"))
        assert ended["grpc-status"] == "8"
        assert peak_bytes() - before < 64 * 2**20
        await still_serves(served)


@pytest.mark.parametrize(
    ("body", "fields", "status"),
    [
        (framed(b"abc", length=4), (), "13"),
        (b"\x00\x00", (), "13"),
        (b"\x02\x00\x00\x00\x00", (), "13"),
        (framed(b"abc", compressed=True), (), "13"),
        (framed(b"abc", compressed=True), (("grpc-encoding", "gzip"),), "13"),
        (framed(b"a") + framed(b"b"), (), "13"),
        (b"", (), "13"),
        (framed(b"a"), (("grpc-encoding", "br"),), "12"),
        (framed(b"a"), (("grpc-timeout", "soon"),), "13"),
        (framed(b"a"), (("grpc-timeout", "999999999S"),), "13"),
        (framed(b"a"), (("grpc-timeout", ""),), "13"),
        (framed(b"a"), (("grpc-timeout", "99999999H"),), "0"),
        (framed(b"a"), (("content-type", "application/grpc+proto"),), "0"),
    ],
)
async def test_a_malformed_request_has_a_status(
    body: bytes, fields: tuple[tuple[str, str], ...], status: str
) -> None:
    """A request that can't be read gets a status, and never reaches Python."""
    async with serve() as served, connect(served.port) as client:
        ended = await client.call(ECHO, body, *fields)
        assert ended["grpc-status"] == status
        assert served.service.calls == (status == "0")
        if status == "12":
            assert ended["grpc-accept-encoding"] == "identity,gzip,deflate"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((("content-type", "text/html"),), "415"),
        ((("content-type", "application/grpc-web"),), "415"),
        (((":method", "PUT"),), "405"),
    ],
)
async def test_a_request_that_is_not_grpc_has_an_http_status(
    fields: tuple[tuple[str, str], ...], status: str
) -> None:
    """A request that is not gRPC gets an HTTP status."""
    async with serve() as served, connect(served.port) as client:
        ended = await client.call(ECHO, framed(b""), *fields)
        assert ended[":status"] == status


async def test_large_metadata_has_a_status() -> None:
    """Metadata over the limit gets a gRPC status, four times as much an HTTP status."""
    async with serve() as served:
        async with connect(served.port) as client:
            ended = await client.call(ECHO, framed(b"a"), ("x-large", "x" * 20_000))
            assert ended["grpc-status"] == "8"
            assert ended["grpc-message"] == "over metadata"
            ended = await client.call(ECHO, framed(b"a"), ("x-large", "x" * 70_000))
            assert ended[":status"] == "431"
            ended = await client.call(ECHO, framed(b"a"))
            assert ended["grpc-status"] == "0"
        await still_serves(served)


@pytest.mark.parametrize("name", ["X-Upper", "connection", "bad name", ":pseudo"])
async def test_metadata_that_http2_forbids_is_rejected(name: str) -> None:
    """A forbidden header ends its own stream or connection only."""
    async with serve() as served, connect(served.port) as client:
        with contextlib.suppress(ConnectionError):
            assert await client.call(ECHO, framed(b"a"), (name, "value")) == {"reset": "1"}
        assert served.service.calls == 0
        await still_serves(served)


async def test_metadata_of_any_bytes_is_accepted() -> None:
    """Values that are not text, and binary values that are not base64, are accepted."""
    async with serve() as served, connect(served.port) as client:
        fields = (("x-odd", "\udcff".encode("utf-8", "surrogateescape")), ("x-odd-bin", "!"))
        ended = await client.call(ECHO, framed(b"a"), *fields)  # type: ignore[arg-type]
        assert ended["grpc-status"] == "0"
