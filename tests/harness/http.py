"""Requests over HTTP, byte by byte: a reader of metrics, and hostile ones."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True)
class HttpResponse:
    """A response."""

    status: int
    headers: dict[str, str]
    """By name, in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def request(path: str, method: str = "GET", **headers: str) -> bytes:
    """Return the bytes of a request; an underscore in the name of a header is a hyphen."""
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{''.join(lines)}\r\n".encode()


def parsed(data: bytes, *, headers_only: bool = False) -> HttpResponse:
    """Return the only response in what a connection sent."""
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    fields = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in fields}
    length = 0 if headers_only else int(headers.get("content-length", len(body)))
    assert len(body) == length, "more than one response"
    return HttpResponse(int(status.split()[1]), headers, body)


async def get(address: str, path: str, method: str = "GET", **headers: str) -> HttpResponse:
    """Send a request to HOST:PORT, and return the response.

    Raises:
        OSError: There is none.
    """
    data = await exchange(address, request(path, method, **headers))
    return parsed(data, headers_only=method == "HEAD")


async def exchange(address: str, data: bytes) -> bytes:
    """Send bytes, and return what is sent back until the connection ends.

    Raises:
        OSError: The connection was refused or reset.
    """
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        async with asyncio.timeout(10):
            return await reader.read(-1)
    finally:
        writer.close()
