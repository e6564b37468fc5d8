"""The calls of `LeaderboardService` that a synchronous client makes."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from leaderboard_client import calls
from leaderboard_client.caller import Caller
from leaderboard_client.calls import Outcome
from leaderboard_client.enums import UpdateMode
from leaderboard_client.live_board import DEFAULT_LIMIT
from leaderboard_client.results import (
    Position,
    ScoreRank,
    TopUsers,
    UpdateResult,
    UserRank,
    UserRanks,
)
from leaderboard_client.score_update import ScoreUpdate


class ScoreMethods:
    """Writes scores, and reads boards and ranks."""

    _caller: Caller

    def update_score(
        self,
        contest_id: str,
        user_id: str,
        points: int,
        *,
        mode: UpdateMode = UpdateMode.UNSPECIFIED,
        request_id: str = "",
        event_type: str = "",
        event_time: datetime | str | None = None,
        display_name: str = "",
        attributes: Mapping[str, str] | None = None,
        clear_display_name: bool = False,
        season: int = 0,
        timeout: float | None = None,
    ) -> UpdateResult:
        """Change the score of one user; the arguments are the fields of `ScoreUpdate`.

        To repeat the call after an error without counting twice, give it a `request_id`. Otherwise
        it gets a random one, the same for all its attempts. To change only the name or the
        attributes, add 0 points with the mode INCREMENT.

        Raises:
            LeaderboardError: It failed, such as with OutOfRange or RequestIdReused.
        """
        update = ScoreUpdate(
            contest_id,
            user_id,
            points,
            mode,
            request_id,
            event_type,
            event_time,
            display_name,
            attributes or {},
            clear_display_name,
            season,
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
        season: int = 0,
        timeout: float | None = None,
    ) -> TopUsers:
        """Read consecutive rows, best first. An unknown contest is an empty board.

        Args:
            contest_id: The contest.

            limit: The number of users, up to 1,000.

            start_rank: The place of the first row.

            min_position: The least position of the result. Default: the latest one of the server.

            season: The season: a number from 1, or -1 for the one before. Default: the current one.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with FailedPrecondition for `min_position`, or with
                NotFound: the season is not kept.
        """
        call = calls.get_top_users(contest_id, limit, start_rank, min_position, season)
        return self._caller.make(call, timeout)

    def get_user_rank(
        self,
        contest_id: str,
        user_id: str,
        *,
        neighbors: int = 0,
        around: int = 0,
        min_position: Position | None = None,
        season: int = 0,
        timeout: float | None = None,
    ) -> UserRank:
        """Read the score and rank of one user.

        Args:
            contest_id: The contest.

            user_id: The user.

            neighbors: The number of users on each side, up to 100.

            around: The number of consecutive rows around the user, the user included, up to 201. At
                the ends of the board they begin at its first row, or end at its last one.

            min_position: The least position of the result. Default: the latest one of the store.

            season: The season: a number from 1, or -1 for the one before. Default: the current one.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with NotFound: the user has no score.
        """
        call = calls.get_user_rank(contest_id, user_id, neighbors, around, min_position, season)
        return self._caller.make(call, timeout)

    def batch_get_user_ranks(
        self,
        contest_id: str,
        user_ids: Iterable[str],
        *,
        min_position: Position | None = None,
        season: int = 0,
        timeout: float | None = None,
    ) -> UserRanks:
        """Read the scores and ranks of up to 1,000 users, all of one state, best first.

        Args:
            contest_id: The contest.

            user_ids: The users, each once. Those without a score are no error.

            min_position: The least position of the result. Default: the latest one of the store.

            season: The season: a number from 1, or -1 for the one before. Default: the current one.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with FailedPrecondition for `min_position`, or with
                NotFound: the season is not kept.
        """
        call = calls.batch_get_user_ranks(contest_id, user_ids, min_position, season)
        return self._caller.make(call, timeout)

    def get_score_rank(
        self,
        contest_id: str,
        score: int,
        *,
        around: int = 0,
        min_position: Position | None = None,
        season: int = 0,
        timeout: float | None = None,
    ) -> ScoreRank:
        """Read the rank that a user who reached a score now would have.

        Args:
            contest_id: The contest; an unknown one is an empty board.

            score: The score, from -2^53 to 2^53.

            around: The number of consecutive rows around the score, up to 201: around the first
                user whose score is not better, or the last one.

            min_position: The least position of the result. Default: the latest one of the store.

            season: The season: a number from 1, or -1 for the one before. Default: the current one.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with FailedPrecondition for `min_position`, or with
                NotFound: the season is not kept.
        """
        call = calls.get_score_rank(contest_id, score, around, min_position, season)
        return self._caller.make(call, timeout)
