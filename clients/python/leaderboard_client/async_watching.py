"""The watches of an asynchronous client: what they yield, and that they end with the client."""

from __future__ import annotations

import weakref
from contextlib import aclosing
from typing import TYPE_CHECKING

from leaderboard_client.async_watch import watch
from leaderboard_client.contest_update import ContestUpdate
from leaderboard_client.errors import Cancelled, error_of
from leaderboard_client.rpc_status import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    import grpc.aio

    from leaderboard_client.async_closing import AsyncClosing
    from leaderboard_client.credentials import Metadata
    from leaderboard_client.enums import WatchScope
    from leaderboard_client.watch_update import WatchUpdate


class AsyncWatches:
    """Begins the watches of one client, and ends them."""

    def __init__(
        self,
        connect: Callable[[], grpc.aio.Channel],
        closing: AsyncClosing,
        metadata: Callable[[], Metadata],
    ) -> None:
        """Prepare watches.

        Args:
            connect: Opens a channel for one stream, over a connection of its own.

            closing: The end of the client.

            metadata: Returns what each stream is opened with.
        """
        self._connect = connect
        self._closing = closing
        self._metadata = metadata
        self._channels: weakref.WeakSet[grpc.aio.Channel] = weakref.WeakSet()

    async def close(self) -> None:
        """End the streams that are open, once the client is closed.

        Their iterations end as if the contests were over.
        """
        for channel in list(self._channels):
            await channel.close()

    async def watch(
        self,
        contest_id: str,
        *,
        limit: int,
        scope: WatchScope,
        user_ids: Iterable[str],
        min_interval: float,
    ) -> AsyncGenerator[ContestUpdate, None]:
        """Yield the updates of a contest."""
        updates = watch(
            self._open,
            contest_id,
            limit=limit,
            scope=scope,
            user_ids=user_ids,
            min_interval=min_interval,
            metadata=self._metadata,
            pause=self._closing.pause,
        )
        try:
            async with aclosing(updates):
                while update := await self._next(updates):
                    yield ContestUpdate.read(update)
        except RefusedError as error:
            raise error_of(error.refusal) from None
        except Cancelled:
            return

    async def _next(self, updates: AsyncGenerator[WatchUpdate, None]) -> WatchUpdate | None:
        with self._closing.guard():
            return await anext(updates, None)

    def _open(self) -> grpc.aio.Channel:
        self._closing.check()
        channel = self._connect()
        self._channels.add(channel)
        return channel
