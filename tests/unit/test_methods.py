"""Methods that take lists of calls: each call is checked, served and encoded for itself."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from harness.uncounted import error_counts
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.callbacks import Receiver
from leaderboard_server.domain.board import RankedUser, RankQuery, Standing
from leaderboard_server.domain.errors import InvalidRequest, LeaderboardError
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.transport.listener import Listener
from leaderboard_server.transport.methods import Methods
from leaderboard_server.transport.statuses import MalformedRequest

_METHODS = ("UpdateScore", "GetUserRank")
_POSITION = Position("e", 1)


class _Service:
    """Serves calls at once, with defects for some users."""

    def __init__(self) -> None:
        self.users: list[str] = []

    def update(self, update: ScoreUpdate, receiver: Receiver[Any], call: int) -> None:
        """See `LeaderboardService`."""
        user = RankedUser(update.user_id, update.points, 1, "", 1)
        result = UpdateResult(user, 0, 0, 0, applied=True, replayed=False, position=_POSITION)
        self._serve(update.user_id, result, receiver, call)

    def rank(self, query: RankQuery, receiver: Receiver[Any], call: int) -> None:
        """See `LeaderboardService`."""
        user = RankedUser(query.user_id, 1, 1, "", 1)
        self._serve(query.user_id, Standing(user, (), (), 0, 1, _POSITION), receiver, call)

    def _serve(self, user_id: str, result: object, receiver: Receiver[Any], call: int) -> None:
        if user_id == "raises":
            raise ZeroDivisionError
        self.users.append(user_id)
        receiver.receive(call, ["not a result" if user_id == "unencodable" else result])


class _Listener:
    """Records the answers."""

    def __init__(self) -> None:
        self.answers: dict[int, bytes] = {}
        self.errors: dict[int, type[Exception]] = {}

    def is_open(self, call: int) -> bool:
        """See `Listener`."""
        return call not in self.answers and call not in self.errors

    def answer(self, call: int, response: bytes) -> None:
        """See `Listener`."""
        assert self.is_open(call)
        self.answers[call] = response

    def fail(self, call: int, error: Exception) -> None:
        """See `Listener`."""
        assert self.is_open(call)
        self.errors[call] = type(error)


def _requests(method: str, users: Sequence[str]) -> list[bytes]:
    kind: Any = {"UpdateScore": pb.UpdateScoreRequest, "GetUserRank": pb.GetUserRankRequest}[method]
    return [kind(contest_id="cup", user_id=user).SerializeToString() for user in users]


@pytest.mark.parametrize("method", _METHODS)
def test_a_call_that_fails_is_the_only_one(method: str) -> None:
    """Invalid calls, and those with defects, have their errors; all others are served in order."""
    service, listener = _Service(), _Listener()
    methods = Methods(
        cast("LeaderboardService", service), cast("Listener", listener), error_counts()
    )
    good = [f"user-{number}" for number in range(500)]
    requests = _requests(method, good)
    failing: dict[bytes, type[Exception]] = {
        _requests(method, [""])[0]: InvalidRequest,
        b"\xff no message": MalformedRequest,
        _requests(method, ["raises"])[0]: ZeroDivisionError,
        _requests(method, ["unencodable"])[0]: Exception,
    }
    for number, request in enumerate(failing):
        requests.insert(100 * number, request)

    methods.batched[method](list(enumerate(requests)))

    assert set(listener.errors) == {0, 100, 200, 300}
    for call, error in listener.errors.items():
        assert issubclass(error, failing[requests[call]])
        assert issubclass(error, LeaderboardError) == (call < 200)
    assert len(listener.answers) == 500
    assert [user for user in service.users if user in good] == good
