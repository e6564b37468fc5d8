"""A DNS server that answers each question for IPv4 addresses with those that a test chooses."""

import asyncio
import socket
import struct
from types import TracebackType
from typing import Self

_A, _ANSWER, _NAME_OF_QUESTION = 1, 0x8180, 0xC00C
_HEADER, _QUESTION_END = struct.Struct(">HHHHHH"), struct.Struct(">HH")
_RECORD = struct.Struct(">HHHIH")


class NameServer(asyncio.DatagramProtocol):
    """The server, on loopback within its block."""

    def __init__(self, *addresses: str) -> None:
        self.address = ""
        self.addresses = list(addresses)
        """The IPv4 addresses of every name."""
        self.questions = 0
        """The number of questions for IPv4 addresses."""
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))
        assert self._transport is not None
        self.address = "{}:{}".format(*self._transport.get_extra_info("sockname"))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._transport is not None
        self._transport.close()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Keep the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        number = _HEADER.unpack_from(data)[0]
        end = data.index(b"\0", _HEADER.size) + 1 + _QUESTION_END.size
        kind, _ = _QUESTION_END.unpack_from(data, end - _QUESTION_END.size)
        addresses = self.addresses if kind == _A else []
        self.questions += kind == _A
        records = [
            _RECORD.pack(_NAME_OF_QUESTION, _A, 1, 0, 4) + socket.inet_aton(address)
            for address in addresses
        ]
        header = _HEADER.pack(number, _ANSWER, 1, len(records), 0, 0)
        assert self._transport is not None
        self._transport.sendto(header + data[_HEADER.size : end] + b"".join(records), addr)
