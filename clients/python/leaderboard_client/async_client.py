"""Client of the leaderboard service for asyncio."""

import weakref
from collections.abc import AsyncGenerator, Iterable
from functools import partial
from typing import Self

import grpc.aio

from leaderboard_client.addresses import Rotation, Server, alternatives, parse_addresses
from leaderboard_client.async_contest_methods import AsyncContestMethods
from leaderboard_client.async_moderation_methods import AsyncModerationMethods
from leaderboard_client.async_score_buffer import AsyncScoreBuffer
from leaderboard_client.async_score_methods import AsyncScoreMethods
from leaderboard_client.async_watch import watch_contest
from leaderboard_client.caller import AsyncCaller
from leaderboard_client.channels import Tls, Token, call_metadata, check_token, open_async_channel
from leaderboard_client.closing import AsyncCloseEvent, WeakRegistry
from leaderboard_client.enums import WatchScope
from leaderboard_client.error_reporter import OnError
from leaderboard_client.live_board import DEFAULT_LIMIT
from leaderboard_client.pending_queue import BufferOptions
from leaderboard_client.retrying import DEFAULT_TIMEOUT
from leaderboard_client.watch_request import watch_request
from leaderboard_client.watch_update import WatchUpdate


class AsyncLeaderboardClient(AsyncScoreMethods, AsyncContestMethods, AsyncModerationMethods):
    """Calls a leaderboard service from the tasks of one event loop.

    The arguments, the results and the errors are those of `LeaderboardClient`. Cancelling a task
    ends its call at once, with CancelledError.
    """

    def __init__(
        self,
        address: str,
        *,
        tls: Tls | None = None,
        token: Token | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Create a client; it connects with the first call. See `LeaderboardClient`."""
        servers = parse_addresses(address)
        check_token(servers, tls=tls, token=token)
        connect = partial(open_async_channel, tls=tls)
        self._alternatives = alternatives(servers)
        self._watched = Rotation(servers)
        self._connect_watch = partial(connect, spread=False)
        self._metadata = partial(call_metadata, token)
        self._closed = AsyncCloseEvent()
        self._caller = AsyncCaller(servers, connect, self._closed, token=token, timeout=timeout)
        self._watch_channels: weakref.WeakSet[grpc.aio.Channel] = weakref.WeakSet()
        self._buffers: WeakRegistry[AsyncScoreBuffer] = WeakRegistry(AsyncScoreBuffer.give_up)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End all calls, watches and buffers; see `LeaderboardClient.close`."""
        self._closed.set()
        await self._caller.close()
        for channel in list(self._watch_channels):
            await channel.close()
        self._buffers.close()

    def watch(
        self,
        contest_id: str,
        *,
        limit: int = DEFAULT_LIMIT,
        scope: WatchScope = WatchScope.TOP,
        user_ids: Iterable[str] = (),
        min_interval: float = 0.0,
    ) -> AsyncGenerator[WatchUpdate, None]:
        """Watch a contest; see `LeaderboardClient.watch`.

        Cancelling the iteration ends the stream at once. After leaving the loop in another way
        close the iterator, best with `contextlib.aclosing`.
        """
        self._closed.check()
        request = watch_request(contest_id, limit, scope, user_ids, min_interval)
        servers = self._watched.branch()
        return watch_contest(
            lambda: self._open_watch_channel(servers.next()),
            request,
            alternatives=self._alternatives,
            closed=self._closed,
            metadata=self._metadata,
        )

    def score_buffer(
        self,
        *,
        max_pending: int = 10_000,
        batch_size: int = 500,
        linger: float = 0.05,
        give_up_after: float = 60.0,
        on_error: OnError | None = None,
    ) -> AsyncScoreBuffer:
        """Return a buffer that sends updates as batches; see `LeaderboardClient.score_buffer`."""
        options = BufferOptions(
            max_pending=max_pending,
            batch_size=batch_size,
            linger=linger,
            give_up_after=give_up_after,
        )
        return self._buffers.make(
            lambda: AsyncScoreBuffer(self.batch_update_scores, options, on_error)
        )

    def _open_watch_channel(self, server: Server) -> grpc.aio.Channel:
        channel = self._connect_watch(server)
        self._watch_channels.add(channel)
        return channel
