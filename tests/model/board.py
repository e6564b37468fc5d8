"""A plain model of the service, written for comparison with the contract, not for speed."""

from collections.abc import Sequence

from model.contest import Contest, position_of
from model.ranking import around, find, is_better, newcomer, percentile, ranking
from model.records import (
    Contest as ContestAnswer,
)
from model.records import (
    Position,
    Rank,
    RankedUser,
    Rejection,
    Result,
    Rules,
    ScoreRank,
    Settings,
    SettingsChange,
    Top,
    Update,
    UserRanks,
)
from model.rejections import contest_not_found, unreachable, user_not_found

DEFAULT_LIMIT = 10


class Service:
    """All contests, including those without updates."""

    def __init__(self) -> None:
        """Start without updates."""
        self._contests: dict[str, Contest] = {}

    def update(self, update: Update, path: str = "") -> Result | Rejection:
        """Apply one update; `path` is that of the update within a batch."""
        return self._contest(update.contest_id).update(update, path)

    def batch(self, updates: Sequence[Update]) -> list[Result | Rejection]:
        """Apply updates in order; a rejected one does not affect the others."""
        return [self.update(update, f"updates[{i}].") for i, update in enumerate(updates)]

    def create_contest(self, contest_id: str, settings: Settings) -> ContestAnswer | Rejection:
        """Create a contest, or return the one that exists with the same settings."""
        return self._contest(contest_id).create(settings) or self.contest(contest_id)

    def update_contest(self, contest_id: str, change: SettingsChange) -> ContestAnswer | Rejection:
        """Change the settings of a contest."""
        return self._contest(contest_id).change_settings(change) or self.contest(contest_id)

    def contest(self, contest_id: str) -> ContestAnswer | Rejection:
        """Return a contest."""
        contest = self._contest(contest_id)
        if not contest.exists:
            return contest_not_found(contest_id)
        return ContestAnswer(
            contest_id=contest_id,
            settings=contest.now.settings,
            total_users=len(contest.now.board),
            position=contest.position,
        )

    def contests(self, prefix: str) -> list[ContestAnswer]:
        """Return all contests whose id begins with a prefix, in the order of the ids."""
        found = (self.contest(name) for name in sorted(self._contests) if name.startswith(prefix))
        return [contest for contest in found if isinstance(contest, ContestAnswer)]

    def position(self, contest_id: str) -> Position:
        """Return the current position of a contest."""
        return self._contest(contest_id).position

    def board(self, contest_id: str, at: int | None = None) -> list[RankedUser]:
        """Return all rows, best first, of the revision `at` if given, else of the current one."""
        state = self._contest(contest_id).states[-1 if at is None else at]
        return ranking(state.board, state.settings.rules)

    def rules(self, contest_id: str, at: int = -1) -> Rules:
        """Return the rules of a contest, of the revision `at` if given, else the current ones."""
        return self._contest(contest_id).states[at].settings.rules

    def settings_revision(self, contest_id: str) -> int:
        """Return the revision of the last change of the settings, 0 if there was none."""
        return self._contest(contest_id).settings_revision

    def top(
        self,
        contest_id: str,
        *,
        limit: int = 0,
        start_rank: int = 0,
        min_position: Position | None = None,
        at: int | None = None,
    ) -> Top | Rejection:
        """Return consecutive rows, of the revision `at` if given, else of the current one."""
        contest = self._contest(contest_id)
        if not contest.reaches(min_position):
            return unreachable(contest_id, contest.position)
        ranked = self.board(contest_id, at)
        first = (start_rank or 1) - 1
        return Top(
            users=tuple(ranked[first : first + (limit or DEFAULT_LIMIT)]),
            total_users=len(ranked),
            position=contest.position if at is None else position_of(at),
        )

    def rank(
        self,
        contest_id: str,
        user_id: str,
        *,
        neighbors: int = 0,
        around_user: int = 0,
        min_position: Position | None = None,
    ) -> Rank | Rejection:
        """Return the current rank of one user, and of users around it."""
        contest = self._contest(contest_id)
        if not contest.reaches(min_position):
            return unreachable(contest_id, contest.position)
        if user_id not in contest.now.board:
            return user_not_found(contest_id, user_id)
        ranked = self.board(contest_id)
        user = find(ranked, user_id)
        above = ranked[max(0, user.place - 1 - neighbors) : user.place - 1]
        below = ranked[user.place : user.place + neighbors]
        return Rank(
            user=user,
            neighbors=(*above, *below),
            around=around(ranked, user.place - 1, around_user),
            total_users=len(ranked),
            percentile=percentile(ranked, user.rank),
            position=contest.position,
        )

    def user_ranks(
        self, contest_id: str, user_ids: Sequence[str], *, min_position: Position | None = None
    ) -> UserRanks | Rejection:
        """Return the current ranks of several users, best first, and those without a score."""
        contest = self._contest(contest_id)
        if not contest.reaches(min_position):
            return unreachable(contest_id, contest.position)
        ranked = self.board(contest_id)
        return UserRanks(
            users=tuple(user for user in ranked if user.user_id in user_ids),
            missing_user_ids=tuple(id_ for id_ in user_ids if id_ not in contest.now.board),
            total_users=len(ranked),
            position=contest.position,
        )

    def score_rank(
        self,
        contest_id: str,
        score: int,
        *,
        around_score: int = 0,
        min_position: Position | None = None,
    ) -> ScoreRank | Rejection:
        """Return the rank that a user with a score would get now, and the rows around it."""
        contest = self._contest(contest_id)
        if not contest.reaches(min_position):
            return unreachable(contest_id, contest.position)
        ranked, rules = self.board(contest_id), contest.now.settings.rules
        user = newcomer(contest.now.board, score, rules)
        better = [row for row in ranked if is_better(row.score, score, rules)]
        centre = min(len(better), len(ranked) - 1)
        return ScoreRank(
            rank=user.rank,
            place=user.place,
            around=around(ranked, centre, around_score),
            total_users=len(ranked),
            position=contest.position,
        )

    def _contest(self, contest_id: str) -> Contest:
        return self._contests.setdefault(contest_id, Contest(contest_id))
