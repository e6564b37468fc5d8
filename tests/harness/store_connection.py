"""The base of connections to the store that a test puts in the way."""

import asyncio
from typing import Any

from leaderboard_server.storage.resp_protocol import Argument, ReplyReceiver
from leaderboard_server.storage.store_connection import Layout


class CallingConnection:
    """A connection that sends every command by its method `call`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, *command: Argument) -> Any:
        """See `PipelinedConnection.call`."""
        raise NotImplementedError

    def shard_of(self, _key: str) -> None:
        """See `StoreConnection.shard_of`; there is one shard."""

    async def layout(self) -> Layout:
        """See `StoreConnection.layout`."""
        return Layout((self,))

    def send(self, command: tuple[Argument, ...], receiver: ReplyReceiver) -> bool:
        """See `PipelinedConnection.send`."""
        task = asyncio.create_task(self._send(command, receiver))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _send(self, command: tuple[Argument, ...], receiver: ReplyReceiver) -> None:
        try:
            reply = await self.call(*command)
        except Exception as error:  # noqa: BLE001 - the receiver gets it, whatever it is
            receiver.on_error(error)
        else:
            receiver.on_reply(reply)
