"""The watches of an asynchronous client: what they yield, and that they end with the client."""

from __future__ import annotations

import asyncio
import weakref
from contextlib import aclosing
from typing import TYPE_CHECKING

from leaderboard_client.async_caller import is_cancelled
from leaderboard_client.contest_update import ContestUpdate
from leaderboard_client.errors import Cancelled, error_of
from leaderboard_client.refusal import RefusedError
from leaderboard_client.watching import watch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    import grpc.aio

    from leaderboard_client.credentials import Metadata
    from leaderboard_client.vocabulary import WatchScope


class AsyncWatches:
    """Begins the watches of one client, and ends them."""

    def __init__(
        self, connect: Callable[[], grpc.aio.Channel], metadata: Callable[[], Metadata]
    ) -> None:
        """Prepare watches.

        Args:
            connect: Opens a channel for one stream, over a connection of its own.

            metadata: Returns what each stream is opened with.
        """
        self._connect = connect
        self._metadata = metadata
        self._channels: weakref.WeakSet[grpc.aio.Channel] = weakref.WeakSet()
        self._is_closed = False

    async def close(self) -> None:
        """End the streams that are open; their iterations end as if the contests were over."""
        self._is_closed = True
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
        )
        try:
            async with aclosing(updates):
                async for update in updates:
                    yield ContestUpdate.read(update)
        except RefusedError as error:
            raise error_of(error.refusal) from None
        except Cancelled:
            return
        except asyncio.CancelledError:
            # A channel that is closed cancels its stream, as if the task had been cancelled.
            if not self._is_closed or is_cancelled():
                raise

    def _open(self) -> grpc.aio.Channel:
        if self._is_closed:
            raise Cancelled("the client was closed")
        channel = self._connect()
        self._channels.add(channel)
        return channel
