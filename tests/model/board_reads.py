"""Reads of the plain model: of the current season, of any past state, and of kept seasons."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from model.contest import Contest
from model.contest_history import View
from model.contest_records import Settings
from model.ranking import (
    around,
    find,
    is_better,
    newcomer,
    percentile,
)
from model.records import (
    Position,
    Rank,
    RankedUser,
    Rejection,
    ScoreRank,
    Top,
    UserRanks,
)
from model.rejections import season_not_found, unreachable, user_not_found

DEFAULT_LIMIT = 10


class BoardReads(ABC):
    """The reads. Each takes a season and, of one that is over, how many erasures ago it was read.

    A server may answer for a kept season from what it read before.
    """

    @abstractmethod
    def present(self, contest_id: str) -> Contest:
        """Return a contest as it is now."""

    @abstractmethod
    def deleted(self, contest_id: str) -> Sequence[Contest]:
        """Return the contests of this id as they were when they were deleted."""

    @abstractmethod
    def at(self, contest_id: str, position: Position) -> tuple[Contest, int]:
        """Return the contest that had a position, deleted or not, and the revision."""

    def position(self, contest_id: str) -> Position:
        """Return the current position of a contest."""
        return self.present(contest_id).position

    def board(self, contest_id: str, at: Position | None = None) -> list[RankedUser]:
        """Return all rows, best first, of the position `at` if given, else of the current one."""
        return self._view_at(contest_id, at or self.position(contest_id)).ranked

    def settings(self, contest_id: str, at: Position | None = None) -> Settings:
        """Return the settings, of the position `at` if given, else the current ones."""
        contest, revision = self.at(contest_id, at or self.position(contest_id))
        return contest.states[revision].settings

    def ages(self, contest_id: str, season: int) -> range:
        """Return how many answers for a season there may be: the present one, and earlier ones."""
        return range(len(self._views(contest_id, season)))

    def view(self, contest_id: str, season: int, age: int = 0) -> View | Rejection:
        """Return the board of a season."""
        if season == 0:
            return self._view_at(contest_id, self.position(contest_id))
        return self._views(contest_id, season)[age]

    def _views(self, contest_id: str, season: int) -> list[View | Rejection]:
        """Return what a server may have read of a season, the present state first.

        That are also seasons that are not kept any more, and those of a deleted contest.
        """
        contest = self.present(contest_id)
        number = contest.season - 1 if season == -1 else season
        views: list[View | Rejection] = []
        if contest.exists and number == contest.season:
            views.append(self._view_at(contest_id, contest.position))
        elif number not in contest.kept:
            views.append(season_not_found(contest_id, season))
        for each in (contest, *self.deleted(contest_id)):
            views += each.views(number)
        return views

    def _view_at(self, contest_id: str, at: Position) -> View:
        contest, revision = self.at(contest_id, at)
        state = contest.states[revision]
        return View(state.board, state.settings.rules, at)

    def top(
        self,
        contest_id: str,
        *,
        limit: int = 0,
        start_rank: int = 0,
        min_position: Position | None = None,
        season: int = 0,
        age: int = 0,
        at: Position | None = None,
    ) -> Top | Rejection:
        """Return consecutive rows, of the position `at` if given."""
        view = self._view_at(contest_id, at) if at else self.view(contest_id, season, age)
        if isinstance(view, Rejection):
            return view
        if not reaches(view.position, min_position):
            return unreachable(contest_id, view.position)
        ranked = view.ranked
        first = (start_rank or 1) - 1
        return Top(
            users=tuple(ranked[first : first + (limit or DEFAULT_LIMIT)]),
            total_users=len(ranked),
            position=view.position,
        )

    def rank(
        self,
        contest_id: str,
        user_id: str,
        *,
        neighbors: int = 0,
        around_user: int = 0,
        min_position: Position | None = None,
        season: int = 0,
        age: int = 0,
    ) -> Rank | Rejection:
        """Return the rank of one user, and of users around it."""
        view = self.view(contest_id, season, age)
        if isinstance(view, Rejection):
            return view
        if not reaches(view.position, min_position):
            return unreachable(contest_id, view.position)
        if user_id not in view.board:
            return user_not_found(contest_id, user_id)
        ranked = view.ranked
        user = find(ranked, user_id)
        above = ranked[max(0, user.place - 1 - neighbors) : user.place - 1]
        below = ranked[user.place : user.place + neighbors]
        return Rank(
            user=user,
            neighbors=(*above, *below),
            around=around(ranked, user.place - 1, around_user),
            total_users=len(ranked),
            percentile=percentile(ranked, user.rank),
            position=view.position,
        )

    def user_ranks(
        self,
        contest_id: str,
        user_ids: Sequence[str],
        *,
        min_position: Position | None = None,
        season: int = 0,
        age: int = 0,
    ) -> UserRanks | Rejection:
        """Return the ranks of several users, best first, and those without a score."""
        view = self.view(contest_id, season, age)
        if isinstance(view, Rejection):
            return view
        if not reaches(view.position, min_position):
            return unreachable(contest_id, view.position)
        ranked = view.ranked
        return UserRanks(
            users=tuple(user for user in ranked if user.user_id in user_ids),
            missing_user_ids=tuple(id_ for id_ in user_ids if id_ not in view.board),
            total_users=len(ranked),
            position=view.position,
        )

    def score_rank(
        self,
        contest_id: str,
        score: int,
        *,
        around_score: int = 0,
        min_position: Position | None = None,
        season: int = 0,
        age: int = 0,
    ) -> ScoreRank | Rejection:
        """Return the rank that a user with a score would get, and the rows around it."""
        view = self.view(contest_id, season, age)
        if isinstance(view, Rejection):
            return view
        if not reaches(view.position, min_position):
            return unreachable(contest_id, view.position)
        ranked = view.ranked
        user = newcomer(view.board, score, view.rules)
        better = [row for row in ranked if is_better(row.score, score, view.rules)]
        centre = min(len(better), len(ranked) - 1)
        return ScoreRank(
            rank=user.rank,
            place=user.place,
            around=around(ranked, centre, around_score),
            total_users=len(ranked),
            position=view.position,
        )


def reaches(present: Position, wanted: Position | None) -> bool:
    """Return whether a position is at or after the wanted one."""
    if wanted is None or wanted == Position(0, 0):
        return True
    return wanted.history == present.history and wanted.revision <= present.revision
