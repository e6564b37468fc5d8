"""A server that breaks the connection or the stream of each call, as a test chooses."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import TypeAlias

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import RequestReceived

from clients.python.loopback_server import LoopbackServer

Break: TypeAlias = Callable[[H2Connection, int, asyncio.StreamWriter], None]
"""Breaks the stream of a call, given its number, or the connection."""


def end_of_connection(_h2: H2Connection, _stream: int, writer: asyncio.StreamWriter) -> None:
    """Close the connection, as a proxy does that ends."""
    writer.close()


def reset_of_connection(_h2: H2Connection, _stream: int, writer: asyncio.StreamWriter) -> None:
    """Reset the connection, as the kernel does for a process that was killed."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def end_after_headers(h2: H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
    """Close the connection in the middle of a response."""
    h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
    writer.write(h2.data_to_send())
    writer.close()


def garbage(_h2: H2Connection, _stream: int, writer: asyncio.StreamWriter) -> None:
    """Send what is not HTTP/2."""
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def goaway(code: ErrorCodes) -> Break:
    """Return what sends GOAWAY and closes the connection."""

    def end(h2: H2Connection, _stream: int, writer: asyncio.StreamWriter) -> None:
        h2.close_connection(error_code=code, last_stream_id=0)
        writer.write(h2.data_to_send())
        writer.close()

    return end


def reset_of_stream(code: ErrorCodes) -> Break:
    """Return what resets the stream alone."""

    def end(h2: H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
        h2.reset_stream(stream, code)
        writer.write(h2.data_to_send())

    return end


class BreakingServer(LoopbackServer):
    """An HTTP/2 server on loopback, within its block."""

    def __init__(self, broken: Break) -> None:
        super().__init__()
        self.calls = 0
        """The number of calls that were broken."""
        self._break = broken

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Break each call of a connection."""
        h2 = H2Connection(H2Configuration(client_side=False))
        h2.initiate_connection()
        writer.write(h2.data_to_send())
        while data := await reader.read(65_536):
            for event in h2.receive_data(data):
                if isinstance(event, RequestReceived):
                    self._receive(event, h2, writer)
            writer.write(h2.data_to_send())

    def _receive(
        self, call: RequestReceived, h2: H2Connection, writer: asyncio.StreamWriter
    ) -> None:
        """Break a call; a health check, by which clients connect, is answered as unknown."""
        if "Health" in str(dict(call.headers or {})):
            fields = {":status": "200", "content-type": "application/grpc", "grpc-status": "12"}
            h2.send_headers(call.stream_id, list(fields.items()), end_stream=True)
            return
        self.calls += 1
        self._break(h2, call.stream_id, writer)
