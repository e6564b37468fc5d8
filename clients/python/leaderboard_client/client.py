"""Synchronous client of the leaderboard service."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Self

from leaderboard_client import calls
from leaderboard_client.addresses import Rotation, alternatives, parse_addresses
from leaderboard_client.caller import Caller
from leaderboard_client.calls import Outcome
from leaderboard_client.channels import Tls, Token, authorization, check_token, open_channel
from leaderboard_client.closing import WeakRegistry
from leaderboard_client.enums import UpdateMode, WatchScope
from leaderboard_client.error_reporter import OnError
from leaderboard_client.live_board import DEFAULT_LIMIT
from leaderboard_client.pending_queue import BufferOptions
from leaderboard_client.results import Position, TopUsers, UpdateResult, UserRank
from leaderboard_client.retrying import DEFAULT_TIMEOUT
from leaderboard_client.score_buffer import ScoreBuffer
from leaderboard_client.score_update import ScoreUpdate
from leaderboard_client.watch import Watch
from leaderboard_client.watch_session import watch_request


class LeaderboardClient:
    """Calls a leaderboard service. Any number of threads may share one client.

    A call may take `timeout` seconds, its own or the client's. Within them it is sent again if the
    service can't be reached, asks to wait or does not respond; no write counts twice, because each
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
        self._metadata = partial(authorization, token)
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

    def update_score(
        self,
        contest_id: str,
        user_id: str,
        points: int,
        *,
        mode: UpdateMode = UpdateMode.INCREMENT,
        request_id: str = "",
        event_type: str = "",
        event_time: datetime | str | None = None,
        display_name: str = "",
        timeout: float | None = None,
    ) -> UpdateResult:
        """Change the score of one user; the arguments are the fields of `ScoreUpdate`.

        To repeat the call after an error without counting twice, give it a `request_id`. Otherwise
        it gets a random one, the same for all its attempts.

        Raises:
            LeaderboardError: It failed, such as with OutOfRange or RequestIdReused.
        """
        update = ScoreUpdate(
            contest_id, user_id, points, mode, request_id, event_type, event_time, display_name
        )
        return self._caller.make(calls.update_score(update), timeout)

    def batch_update_scores(
        self, updates: Iterable[ScoreUpdate], *, timeout: float | None = None
    ) -> list[Outcome]:
        """Apply up to 1,000 updates, and return a result or an error for each, in their order.

        The updates of one contest are applied in order in one step; a refused one does not affect
        the others. Updates with a `retryable` error are not repeated: that is up to the caller, or
        to a ScoreBuffer. To repeat them, give them request ids.

        Raises:
            LeaderboardError: The batch failed as a whole.
        """
        return self._caller.make(calls.batch_update_scores(updates), timeout)

    def get_top_users(
        self,
        contest_id: str,
        *,
        limit: int = DEFAULT_LIMIT,
        start_rank: int = 1,
        min_position: Position | None = None,
        timeout: float | None = None,
    ) -> TopUsers:
        """Read consecutive ranks, best first. An unknown contest is an empty board.

        Args:
            contest_id: The contest.

            limit: The number of users, up to 1,000.

            start_rank: The first rank.

            min_position: The least position of the result. Default: the latest one of the server.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with FailedPrecondition for `min_position`.
        """
        call = calls.get_top_users(contest_id, limit, start_rank, min_position)
        return self._caller.make(call, timeout)

    def get_user_rank(
        self,
        contest_id: str,
        user_id: str,
        *,
        neighbors: int = 0,
        min_position: Position | None = None,
        timeout: float | None = None,
    ) -> UserRank:
        """Read the score and rank of one user.

        Args:
            contest_id: The contest.

            user_id: The user.

            neighbors: The number of users on each side, up to 100.

            min_position: The least position of the result. Default: the latest one of the store.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with NotFound: the user has no score.
        """
        call = calls.get_user_rank(contest_id, user_id, neighbors, min_position)
        return self._caller.make(call, timeout)

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
        when the contest is over, when it is closed, or when it is dropped.

        Args:
            contest_id: The contest. It need not exist yet.

            limit: The number of first ranks to watch, up to 1,000.

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
