"""A transport whose `close` takes a bounded time and does not lose what was written last.

A socket that is closed while it has unread data is reset, and then the peer may not get what was
sent last: why it was refused. So the sending half is closed first, and what still comes is dropped.
"""

import asyncio
from typing import Any

LINGER_S = 1.0
"""How long what still comes is dropped, unless the peer closes its half."""
MAX_DROPPED_BYTES = 4 * 2**20
"""How much is dropped at most."""
CLOSE_TIMEOUT_S = 5.0
"""How long the rest of what was written, and the end of TLS, may take after `close`."""


class ClosingTransport:
    """Passes everything on to a transport, except what concerns its end."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._closes = False
        self._dropped = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Return whether `close` or `abort` was called, or the peer has gone."""
        return self._closes or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send data, unless the connection is closing."""
        if not self.is_closing():
            self._transport.write(data)

    def drop(self, data: bytes) -> None:
        """Drop data that was received after `close`."""
        self._dropped += len(data)
        if self._dropped > MAX_DROPPED_BYTES:
            self._transport.abort()

    def close(self) -> None:
        """Close the connection once what was written has been sent."""
        if self.is_closing():
            return
        self._closes = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
            self._transport.resume_reading()
            self._loop.call_later(LINGER_S, self._transport.close)
        else:  # TLS has an end of its own
            self._transport.close()
        self._loop.call_later(CLOSE_TIMEOUT_S, self._transport.abort)
