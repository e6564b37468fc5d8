"""Synchronous client of the leaderboard service."""

from collections.abc import Iterable
from functools import partial
from typing import Self

from leaderboard_client.addresses import Rotation, alternatives, parse_addresses
from leaderboard_client.caller import Caller
from leaderboard_client.channels import Tls, Token, call_metadata, check_token, open_channel
from leaderboard_client.closing import WeakRegistry
from leaderboard_client.contest_methods import ContestMethods
from leaderboard_client.enums import WatchScope
from leaderboard_client.error_reporter import OnError
from leaderboard_client.live_board import DEFAULT_LIMIT
from leaderboard_client.moderation_methods import ModerationMethods
from leaderboard_client.pending_queue import BufferOptions
from leaderboard_client.retrying import DEFAULT_TIMEOUT
from leaderboard_client.score_buffer import ScoreBuffer
from leaderboard_client.score_methods import ScoreMethods
from leaderboard_client.watch import Watch
from leaderboard_client.watch_request import watch_request


class LeaderboardClient(ScoreMethods, ContestMethods, ModerationMethods):
    """Calls a leaderboard service. Any number of threads may share one client.

    A call may take `timeout` seconds, its own or the client's. Within them it is sent again if the
    service can't be reached, asks to wait or does not respond; no update counts twice, because each
    has a `request_id`. A failed call raises a LeaderboardError; arguments that can't be encoded,
    such as points beyond 64 bits, raise a ValueError. As a context manager the client is closed
    with its block.
    """

    def __init__(
        self,
        address: str,
        *,
        tls: Tls | None = None,
        token: Token | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Create a client; it connects with the first call.

        Args:
            address: The address of the service, HOST:PORT; of several servers on one store,
                HOST:PORT,HOST:PORT; or dns:///NAME:PORT for all servers that DNS has for a name.
                Calls and watches are spread over the servers, and go on with the others while one
                is away.

            tls: The certificates. Default: no TLS.

            token: Sent with each call as a bearer token; without TLS to loopback only.

            timeout: The default of the seconds that a call may take with all its attempts.

        Raises:
            ValueError: An address is malformed, the timeout is not more than 0, or the token would
                be sent to another machine without TLS.
        """
        servers = parse_addresses(address)
        check_token(servers, tls=tls, token=token)
        connect = partial(open_channel, tls=tls)
        self._alternatives = alternatives(servers)
        self._watched = Rotation(servers)
        self._connect_watch = partial(connect, spread=False)
        self._metadata = partial(call_metadata, token)
        self._caller = Caller(servers, connect, token=token, timeout=timeout)
        self._watches: WeakRegistry[Watch] = WeakRegistry(Watch.cancel)
        self._buffers: WeakRegistry[ScoreBuffer] = WeakRegistry(ScoreBuffer.give_up)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all calls, watches and buffers; may be called again.

        Calls and the iterations of watches raise Cancelled, and buffers give up their pending
        updates: close a buffer first, as its block does, to flush it.
        """
        self._caller.close()
        self._watches.close()
        self._buffers.close()

    def watch(
        self,
        contest_id: str,
        *,
        limit: int = DEFAULT_LIMIT,
        scope: WatchScope = WatchScope.TOP,
        user_ids: Iterable[str] = (),
        min_interval: float = 0.0,
    ) -> Watch:
        """Watch a contest: iterate over its whole board, again after every change.

        The watch reconnects and resumes by itself, for as long as that takes, and never shows a
        board that was not the store's. Its first update comes before the first message. It ends
        when the contest is over or deleted, when it is closed, or when it is dropped.

        Args:
            contest_id: The contest. It need not exist yet.

            limit: The number of first rows to watch, up to 1,000.

            scope: The changes to receive.

            user_ids: The users to watch with the scope USERS, up to 1,000; none with the others.

            min_interval: The least seconds between two changes with the scope TOP, up to 60.

        Raises:
            ValueError: An argument can't be encoded.

            Cancelled: The client was closed; also from the iteration.

            LeaderboardError: From the iteration: the service refused the watch for good.
        """
        request = watch_request(contest_id, limit, scope, user_ids, min_interval)
        servers, connect = self._watched.branch(), self._connect_watch
        return self._watches.make(
            lambda: Watch(
                lambda: connect(servers.next()),
                request,
                alternatives=self._alternatives,
                metadata=self._metadata,
            )
        )

    def score_buffer(
        self,
        *,
        max_pending: int = 10_000,
        batch_size: int = 500,
        linger: float = 0.05,
        give_up_after: float = 60.0,
        on_error: OnError | None = None,
    ) -> ScoreBuffer:
        """Return a buffer that sends updates as batches in the background.

        Args:
            max_pending: The number of pending updates from which on `add` waits.

            batch_size: The number of updates that go together, up to 1,000.

            linger: The seconds that a batch waits for more updates.

            give_up_after: The seconds after its `add` for which a failing update is tried again.
                When a failed batch is given up, queued updates that are as old are given up too,
                without an attempt.

            on_error: Called with each update that was refused for good or given up, and why, from a
                thread of the buffer, one at a time. It may give up this buffer, but not use it
                otherwise. What it raises is logged. Default: the update is logged.

        Raises:
            ValueError: A number is out of its range, or `on_error` would have to be awaited.

            Cancelled: The client was closed.
        """
        options = BufferOptions(
            max_pending=max_pending,
            batch_size=batch_size,
            linger=linger,
            give_up_after=give_up_after,
        )
        return self._buffers.make(lambda: ScoreBuffer(self.batch_update_scores, options, on_error))
