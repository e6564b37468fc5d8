"""HTTP/2 frames and gRPC calls as bytes, which are made once and sent many times."""

import gzip
import struct
from enum import IntEnum

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_WINDOW = 2**31 - 1
DEFAULT_WINDOW = 65_535
MAX_PAYLOAD = 16_384
"""The payload of the largest frame that every peer accepts."""
CANCEL = 8
"""The error code of a stream that its caller gave up."""

HEADER_BYTES = 9
END_STREAM = ACK = 0x1
END_HEADERS = 0x4

Fields = tuple[tuple[str, str], ...]


class Kind(IntEnum):
    """The types of frames."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Setting(IntEnum):
    """The settings that are sent or read."""

    HEADER_TABLE_SIZE = 1
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*values: tuple[Setting, int]) -> bytes:
    """Return a frame with settings."""
    payload = b"".join(struct.pack(">HI", name, value) for name, value in values)
    return frame(Kind.SETTINGS, 0, 0, payload)


def window_update(stream: int, increment: int) -> bytes:
    """Return a frame that lets the peer send more."""
    return frame(Kind.WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def reset(stream: int) -> bytes:
    """Return a frame that cancels a stream."""
    return frame(Kind.RST_STREAM, 0, stream, struct.pack(">I", CANCEL))


def header_block(path: str, fields: Fields = ()) -> bytes:
    """Return the compressed headers of a call; the same bytes are right in any connection."""
    headers = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "attack"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *fields,
    )
    never_indexed = [hpack.NeverIndexedHeaderTuple(name, value) for name, value in headers]
    return hpack.Encoder().encode(never_indexed, huffman=False)


def message(body: bytes, *, compressed: bool = False, length: int | None = None) -> bytes:
    """Return a gRPC message with its prefix, which may name another length."""
    return struct.pack(">BI", compressed, len(body) if length is None else length) + body


class Call:
    """A unary call whose frames differ in the number of the stream alone."""

    def __init__(self, path: str, body: bytes, *, fields: Fields = ()) -> None:
        self.block = header_block(path, fields)
        self.data = message(body)

    @classmethod
    def compressed(cls, path: str, body: bytes) -> "Call":
        """Return a call with a compressed message."""
        call = cls(path, b"", fields=(("grpc-encoding", "gzip"),))
        call.data = message(gzip.compress(body, 9), compressed=True)
        return call

    def frames(self, stream: int, *, end: bool = True) -> bytes:
        """Return the frames of the call on a stream; without an end, more messages may follow."""
        return self.headers(stream) + frame(Kind.DATA, END_STREAM if end else 0, stream, self.data)

    def headers(self, stream: int) -> bytes:
        """Return the frames of the headers, of any length."""
        first, rest = self.block[:MAX_PAYLOAD], self.block[MAX_PAYLOAD:]
        frames = frame(Kind.HEADERS, 0 if rest else END_HEADERS, stream, first)
        while rest:
            part, rest = rest[:MAX_PAYLOAD], rest[MAX_PAYLOAD:]
            frames += frame(Kind.CONTINUATION, 0 if rest else END_HEADERS, stream, part)
        return frames
