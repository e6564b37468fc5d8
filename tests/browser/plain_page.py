"""A site of its own that serves one HTML file, as that of a host who embeds a board."""

import asyncio
import contextlib
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

from documents.session import fenced

_DOCUMENT = Path(__file__).parents[2] / "docs" / "web.md"
_SOURCE = re.compile(r'src="[^"]*"')


class PlainPage:
    """
    Serves the same HTML to every request, on a port that is an origin of its own.

    Attributes:
        html: The file.
        origin: The origin, without a path.
    """

    def __init__(self) -> None:
        self.origin = ""
        self.clear()

    def clear(self) -> None:
        """Make it a page without content."""
        self.html = "<!doctype html><title>Club</title>"

    def embed(self, url: str) -> None:
        """Make it a page with the snippet of the documentation, for the board at a URL."""
        (snippet,) = fenced(_DOCUMENT, "html")
        frame, found = _SOURCE.subn(f'src="{html.escape(url)}"', snippet)
        assert found == 1, snippet
        self.html = f'<!doctype html><html lang="en"><title>Club</title>{frame}'

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the only request of a connection."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            body = self.html.encode()
            head = (
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def plain_page(port: int) -> AsyncIterator[PlainPage]:
    """Serve on a loopback port until the block ends."""
    page = PlainPage()
    server = await asyncio.start_server(page.answer, "127.0.0.1", port)
    page.origin = f"http://127.0.0.1:{port}"
    async with server:
        yield page
