"""The minimal grpcio server, as a reference for the cost of handlers.

`GetTopUsers` returns no bytes. `WatchContest` writes the same bytes repeatedly from the first
`GetTopUsers` on. The server decodes and encodes nothing, and has no store.
"""

import argparse
import asyncio
from typing import Any

import grpc
import uvloop

SERVICE = "leaderboard.v1.LeaderboardService"

MESSAGE = bytes(80)
"""A message with the size of one change."""


class Service:
    """A service that returns and writes fixed bytes."""

    def __init__(self) -> None:
        self._called = asyncio.Event()

    async def answer_nothing(self, request: bytes, context: Any) -> bytes:
        """Answer a call, and start the streams, which send one message before the first call."""
        self._called.set()
        return b""

    async def write_on(self, request: bytes, context: Any) -> None:
        """Write to one stream as fast as it accepts."""
        await context.write(MESSAGE)
        await self._called.wait()
        while True:
            await context.write(MESSAGE)


async def serve(address: str) -> None:
    """Serve until the process ends."""
    server, service = grpc.aio.server(), Service()
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "GetTopUsers": grpc.unary_unary_rpc_method_handler(service.answer_nothing),
        "WatchContest": grpc.unary_stream_rpc_method_handler(service.write_on),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1:50051")
    parser.add_argument("--redis-socket", help="unused: there is no store")
    uvloop.run(serve(parser.parse_args().address))
