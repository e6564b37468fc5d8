"""Probes the servers of the service: a gateway is ready while one of them serves."""

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio
import structlog

from leaderboard_client.channels import Metadata
from leaderboard_server.tasks import BackgroundTask

_log = structlog.get_logger()

PROBE_S = 2.0
"""The time between two probes, and the time that an answer may take."""
_CHECK = "/grpc.health.v1.Health/Check"
_OF_ALL = b""
"""The request for the health of the server as a whole, as bytes of its message."""
_SERVING = b"\x08\x01"
"""The response of a server that serves, as bytes of its message."""


class ServiceProbe:
    """The state of the service, which is probed from `start` to `close`."""

    def __init__(self, channels: Sequence[grpc.aio.Channel], metadata: Metadata) -> None:
        """Probe servers through channels, which are closed at the end.

        Args:
            channels: One to each server.

            metadata: The metadata of each call.
        """
        self._channels = channels
        self._metadata = metadata
        self._task = BackgroundTask(self._run, name="service-probe")
        self.available = False
        """Whether a server reports that it serves."""

    @property
    def problem(self) -> str:
        """Why requests can't be answered at present; empty if they can."""
        return "" if self.available else "no server of the service serves"

    def start(self) -> None:
        """Begin to probe."""
        self._task.start()

    async def close(self) -> None:
        """Stop."""
        await self._task.close()
        await asyncio.gather(*(channel.close() for channel in self._channels))

    async def _run(self) -> None:
        is_first = True
        while True:
            available = any(await asyncio.gather(*map(self._serves, self._channels)))
            if available and not self.available:
                _log.info("service_available")
            elif not available and (self.available or is_first):
                _log.warning("service_unavailable", reason="no server reports that it serves")
            self.available = available
            is_first = False
            await asyncio.sleep(PROBE_S)

    async def _serves(self, channel: grpc.aio.Channel) -> bool:
        check: Any = channel.unary_unary(_CHECK)
        try:
            answer = await check(_OF_ALL, timeout=PROBE_S, metadata=self._metadata)
        except grpc.RpcError as error:
            # A proxy that passes on the calls of the contract alone.
            return error.code() is grpc.StatusCode.UNIMPLEMENTED
        return bool(answer == _SERVING)
