"""Calls a leaderboard server for a command, as the client of this library does."""

from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import CallError, failure_text
from leaderboard_cli.target import Target
from leaderboard_cli.waiting import show_wait
from leaderboard_client.caller import Caller
from leaderboard_client.calls import Call, complete
from leaderboard_client.errors import LeaderboardError

_CLOSED = "Socket closed"

AnswerT = TypeVar("AnswerT")


class Connection:
    """The calls of one server; lives as long as its command.

    Every call raises CallError when it is refused, or not answered in time with all its attempts.
    The messages of the contract go in and come out: they are what `--json` prints.
    """

    def __init__(self, target: Target) -> None:
        """Prepare calls of a server; the connection is made with the first one."""
        self._target = target
        self._caller = Caller(target.channel, token=target.token, timeout=target.timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._caller.close()

    def update_score(self, request: pb.UpdateScoreRequest) -> pb.UpdateScoreResponse:
        """Send an update that has a `request_id`, so that its repeats count once."""
        call: Call[pb.UpdateScoreResponse] = Call("UpdateScore", request, _whole)
        return self._waited_for(call)

    def get_top_users(self, request: pb.GetTopUsersRequest) -> pb.GetTopUsersResponse:
        """Read consecutive ranks."""
        call: Call[pb.GetTopUsersResponse] = Call("GetTopUsers", request, _whole)
        return self._waited_for(call)

    def get_user_rank(self, request: pb.GetUserRankRequest) -> pb.GetUserRankResponse:
        """Read one user's rank."""
        call: Call[pb.GetUserRankResponse] = Call("GetUserRank", request, _whole)
        return self._waited_for(call)

    def batch_update_scores(
        self, request: pb.BatchUpdateScoresRequest
    ) -> pb.BatchUpdateScoresResponse:
        """Send updates that have request ids; repeating those not taken is the caller's part."""
        call: Call[pb.BatchUpdateScoresResponse] = Call(
            "BatchUpdateScores", request, partial(complete, len(request.updates))
        )
        return self._made(call)

    def _waited_for(self, call: Call[AnswerT]) -> AnswerT:
        with show_wait(f"waiting for {self._target.server}"):
            return self._made(call)

    def _made(self, call: Call[AnswerT]) -> AnswerT:
        try:
            return self._caller.make(call, None)
        except LeaderboardError as error:
            why = failure_text(error, self._target.server, self._target.timeout)
            if why.endswith(_CLOSED):  # by a server that expects TLS, or a certificate, for one
                why += "; `leaderboard doctor` looks why"
            raise CallError(error, why) from None


def _whole(answer: AnswerT) -> AnswerT:
    return answer
