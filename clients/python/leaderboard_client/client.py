"""The synchronous client of the leaderboard service."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from leaderboard_client import calls
from leaderboard_client.caller import Caller
from leaderboard_client.calls import Outcome
from leaderboard_client.channels import Tls, Token, authorization, check_address, open_channel
from leaderboard_client.closing import WeakRegistry
from leaderboard_client.enums import UpdateMode, WatchScope
from leaderboard_client.error_reporter import OnError
from leaderboard_client.live_board import DEFAULT_LIMIT
from leaderboard_client.results import Position, TopUsers, UpdateResult, UserRank
from leaderboard_client.retrying import DEFAULT_TIMEOUT
from leaderboard_client.score_buffer import ScoreBuffer
from leaderboard_client.score_update import ScoreUpdate
from leaderboard_client.watch import Watch
from leaderboard_client.watch_session import watch_request


class LeaderboardClient:
    """Calls a leaderboard service; for any number of threads, and as long as the program runs.

    Each call may take `timeout` seconds, its own or those of the client. Within them it is sent
    again when the service can't be reached, asks to wait or does not answer; that never counts
    twice, because each write has a `request_id`. A failed call raises a LeaderboardError; one that
    can't be sent at all, such as points beyond 64 bits, a ValueError. As a context manager the
    client is closed with its block.
    """

    def __init__(
        self,
        address: str,
        *,
        tls: Tls | None = None,
        token: Token | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Prepare calls; the connection is made with the first one.

        Args:
            address: Where the service listens, HOST:PORT.

            tls: What the connection is encrypted with. Default: it is not.

            token: Shown with each call as a bearer token; without TLS to loopback alone.

            timeout: The seconds that a call may take with all its attempts, unless it says so.

        Raises:
            ValueError: One of these is malformed, or the token would go bare to another machine.
        """
        check_address(address, tls=tls, token=token)
        self._connect = partial(open_channel, address, tls)
        self._metadata = partial(authorization, token)
        self._caller = Caller(self._connect, token=token, timeout=timeout)
        self._watches: WeakRegistry[Watch] = WeakRegistry(Watch.close)
        self._buffers: WeakRegistry[ScoreBuffer] = WeakRegistry(ScoreBuffer.give_up)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all calls, watches and buffers, each wherever it is; may be called again.

        Calls raise Cancelled, watches end as if their contests were over, and buffers give up what
        is pending: close them first, as their blocks do, to have it sent.
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

        To repeat the call after an error without counting twice, give it a `request_id`; otherwise
        it has a random one, the same over all its attempts.

        Raises:
            LeaderboardError: It was refused, such as with OutOfRange or RequestIdReused.
        """
        update = ScoreUpdate(
            contest_id,
            user_id,
            points,
            mode=mode,
            request_id=request_id,
            event_type=event_type,
            event_time=event_time,
            display_name=display_name,
        )
        return self._caller.make(calls.update_score(update), timeout)

    def batch_update_scores(
        self, updates: Iterable[ScoreUpdate], *, timeout: float | None = None
    ) -> list[Outcome]:
        """Make up to 1,000 updates, and return a result or an error for each, in their order.

        The updates of one contest are applied in order in one step; a refused one does not hold up
        the others. Those refused with a `retryable` error are left to the caller, or to a
        ScoreBuffer; to repeat them, give the updates request ids.

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

            limit: How many users to return, to 1,000.

            start_rank: The first rank to return.

            min_position: The answer is of this state or a later one. Default: the server's latest.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with FailedPrecondition for `min_position`.
        """
        call = calls.get_top_users(
            contest_id, limit=limit, start_rank=start_rank, min_position=min_position
        )
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

            neighbors: How many users to return on each side, to 100.

            min_position: The answer is of this state or a later one. Default: the store's latest.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with NotFound: the user has no score.
        """
        call = calls.get_user_rank(
            contest_id, user_id, neighbors=neighbors, min_position=min_position
        )
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
        """Watch a contest: iterate over its whole board, told anew whenever something changes.

        The watch reconnects and resumes by itself for as long as that takes, and never shows a
        board that was not the store's. Its first update comes before anything was told. It ends
        when the contest is over, when it or the client is closed, and when it is dropped.

        Args:
            contest_id: The contest. It need not exist yet.

            limit: How many of the first ranks to watch, to 1,000.

            scope: What is told of the contest.

            user_ids: The users to watch with the scope USERS, to 1,000; none with the others.

            min_interval: The least seconds between two changes with the scope TOP, to 60.

        Raises:
            ValueError: The watch can't be asked for at all.

            LeaderboardError: From the iteration: the service refused the watch for good. Cancelled,
                at once: the client was closed.
        """
        request = watch_request(
            contest_id, limit=limit, scope=scope, user_ids=user_ids, min_interval=min_interval
        )
        return self._watches.make(lambda: Watch(self._connect, request, metadata=self._metadata))

    def score_buffer(
        self,
        *,
        max_pending: int = 10_000,
        batch_size: int = 500,
        linger: float = 0.05,
        give_up_after: float = 60.0,
        on_error: OnError | None = None,
    ) -> ScoreBuffer:
        """Return a buffer that sends updates as batches in the background; see `ScoreBuffer`.

        Raises:
            ValueError: A number is out of its bounds, or `on_error` would have to be awaited.

            Cancelled: The client was closed.
        """
        return self._buffers.make(
            lambda: ScoreBuffer(
                self.batch_update_scores,
                max_pending=max_pending,
                batch_size=batch_size,
                linger=linger,
                give_up_after=give_up_after,
                on_error=on_error,
            )
        )
