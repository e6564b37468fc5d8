"""A plain model of the service, written for comparison with the contract, not for speed."""

from collections.abc import Sequence

from model.contest import Contest
from model.contest_records import (
    Contest as ContestAnswer,
)
from model.contest_records import (
    ContestState,
    HiddenUsers,
    Settings,
    SettingsChange,
    UsersChanged,
)
from model.ranking import around, find, is_better, newcomer, percentile, ranking, unranked
from model.records import (
    Position,
    Rank,
    RankedUser,
    Rejection,
    Result,
    ScoreRank,
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
        self._deleted: dict[tuple[str, int], Contest] = {}
        """Contests as they were when they were deleted, by id and history."""

    def update(self, update: Update, path: str = "") -> Result | Rejection:
        """Apply one update; `path` is that of the update within a batch."""
        return self.present(update.contest_id).update(update, path)

    def batch(self, updates: Sequence[Update]) -> list[Result | Rejection]:
        """Apply updates in order; a rejected one does not affect the others."""
        return [self.update(update, f"updates[{i}].") for i, update in enumerate(updates)]

    def create_contest(self, contest_id: str, settings: Settings) -> ContestAnswer | Rejection:
        """Create a contest, or return the one that exists with the same settings."""
        return self.present(contest_id).create(settings) or self.contest(contest_id)

    def update_contest(self, contest_id: str, change: SettingsChange) -> ContestAnswer | Rejection:
        """Change the settings of a contest."""
        return self.present(contest_id).change_settings(change) or self.contest(contest_id)

    def contest(self, contest_id: str) -> ContestAnswer | Rejection:
        """Return a contest."""
        contest = self.present(contest_id)
        if not contest.exists:
            return contest_not_found(contest_id)
        return ContestAnswer(
            contest_id=contest_id,
            settings=contest.now.settings,
            state=contest.now.settings.state,
            total_users=len(contest.now.board),
            position=contest.position,
        )

    def contests(self, prefix: str, state: ContestState | None = None) -> list[ContestAnswer]:
        """Return the contests whose id begins with a prefix, of one state or all, by their ids."""
        found = (self.contest(name) for name in sorted(self._contests) if name.startswith(prefix))
        return [
            contest
            for contest in found
            if isinstance(contest, ContestAnswer) and state in (None, contest.state)
        ]

    def delete_contest(self, contest_id: str, history: int | None) -> bool:
        """Delete a contest if it has this history, or any if that is None; return whether it had.

        What is written from then on is of its next history, from revision 0.
        """
        contest = self.present(contest_id)
        if not contest.exists or history not in (None, contest.history):
            return False
        self._deleted[contest_id, contest.history] = contest
        self._contests[contest_id] = Contest(contest_id, contest.history + 1)
        return True

    def delete_all(self) -> None:
        """Delete all contests, as when the store lost its data."""
        for contest_id in list(self._contests):
            self.delete_contest(contest_id, None)

    def remove_users(self, contest_id: str, user_ids: Sequence[str]) -> UsersChanged:
        """Remove users of a contest."""
        return self.present(contest_id).remove(user_ids)

    def hide_users(self, contest_id: str, user_ids: Sequence[str]) -> UsersChanged:
        """Hide users of a contest."""
        return self.present(contest_id).hide(user_ids)

    def unhide_users(self, contest_id: str, user_ids: Sequence[str]) -> UsersChanged:
        """End the hiding of users of a contest."""
        return self.present(contest_id).unhide(user_ids)

    def hidden_users(self, contest_id: str) -> HiddenUsers:
        """Return the hidden users of a contest."""
        hidden = sorted(self.present(contest_id).hidden.items())
        return HiddenUsers(
            users=tuple(unranked(row) for _, row in hidden if row),
            without_score=tuple(user_id for user_id, row in hidden if not row),
        )

    def erase_user(self, user_id: str) -> int:
        """Erase a user from all contests; return how many held it."""
        return sum(contest.erase(user_id) for contest in self._contests.values())

    def at(self, contest_id: str, position: Position) -> tuple[Contest, int]:
        """Return the contest that had a position, deleted or not, and the revision."""
        present = self.present(contest_id)
        history = position.history or present.history
        return self._deleted.get((contest_id, history), present), position.revision

    def position(self, contest_id: str) -> Position:
        """Return the current position of a contest."""
        return self.present(contest_id).position

    def board(self, contest_id: str, at: Position | None = None) -> list[RankedUser]:
        """Return all rows, best first, of the position `at` if given, else of the current one."""
        contest, revision = self.at(contest_id, at or self.position(contest_id))
        state = contest.states[revision]
        return ranking(state.board, state.settings.rules)

    def settings(self, contest_id: str, at: Position | None = None) -> Settings:
        """Return the settings, of the position `at` if given, else the current ones."""
        contest, revision = self.at(contest_id, at or self.position(contest_id))
        return contest.states[revision].settings

    def order(self, contest_id: str, position: Position) -> tuple[int, int]:
        """Return a key by which all positions that a contest ever had are ordered."""
        contest, revision = self.at(contest_id, position)
        return contest.history, revision

    def top(
        self,
        contest_id: str,
        *,
        limit: int = 0,
        start_rank: int = 0,
        min_position: Position | None = None,
        at: Position | None = None,
    ) -> Top | Rejection:
        """Return consecutive rows, of the position `at` if given, else of the current one."""
        position = at or self.position(contest_id)
        if not reaches(position, min_position):
            return unreachable(contest_id, position)
        ranked = self.board(contest_id, at)
        first = (start_rank or 1) - 1
        return Top(
            users=tuple(ranked[first : first + (limit or DEFAULT_LIMIT)]),
            total_users=len(ranked),
            position=position,
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
        contest = self.present(contest_id)
        if not reaches(contest.position, min_position):
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
        contest = self.present(contest_id)
        if not reaches(contest.position, min_position):
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
        contest = self.present(contest_id)
        if not reaches(contest.position, min_position):
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

    def present(self, contest_id: str) -> Contest:
        """Return a contest as it is now."""
        return self._contests.setdefault(contest_id, Contest(contest_id))


def reaches(present: Position, wanted: Position | None) -> bool:
    """Return whether a position is at or after the wanted one."""
    if wanted is None or wanted == Position(0, 0):
        return True
    return wanted.history == present.history and wanted.revision <= present.revision
