"""Health (`grpc.health.v1`), whose watches don't hold up a server that stops."""

import asyncio
import contextlib
from typing import Any

import grpc
from grpc_health.v1.health import aio


class Health(aio.HealthServicer):  # type: ignore[misc]
    """Tells the health of each service; open as long as its server."""

    def __init__(self) -> None:
        super().__init__()
        self._ending = asyncio.Event()

    def end_watches(self) -> None:
        """End every watch: load balancers hold them open, and a stop would wait for them."""
        self._ending.set()

    async def Watch(self, request: Any, context: Any) -> None:  # noqa: N802 - the contract's name
        """Stream the status of a service whenever it changes."""
        watching = asyncio.create_task(super().Watch(request, context))
        ending = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait((watching, ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (watching, ending):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is stopping")
