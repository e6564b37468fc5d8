"""A plain model of the service, written for comparison with the contract, not for speed."""

from collections.abc import Sequence

from model.board_reads import BoardReads
from model.contest import Contest
from model.contest_history import Clock
from model.contest_records import (
    Contest as ContestAnswer,
)
from model.contest_records import (
    ContestState,
    HiddenUsers,
    Season,
    Settings,
    SettingsChange,
    UsersChanged,
)
from model.ranking import unranked
from model.records import (
    Position,
    Rejection,
    Result,
    Update,
)
from model.rejections import contest_not_found


class Service(BoardReads):
    """All contests, including those without updates."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Start without updates, by a clock of the store."""
        self._clock = clock or Clock()
        self._contests: dict[str, Contest] = {}
        self._deleted: dict[str, list[Contest]] = {}
        """Contests as they were when they were deleted, by id."""

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
            season=contest.season,
            total_users=len(contest.now.board),
            position=contest.position,
            created_at_ms=contest.created_at_ms,
            next_reset_at_ms=contest.reset_at_ms,
        )

    def contests(self, prefix: str, state: ContestState | None = None) -> list[ContestAnswer]:
        """Return the contests whose id begins with a prefix, of one state or all, by their ids."""
        found = (self.contest(name) for name in sorted(self._contests) if name.startswith(prefix))
        return [
            contest
            for contest in found
            if isinstance(contest, ContestAnswer) and state in (None, contest.state)
        ]

    def reset_contest(self, contest_id: str, season: int) -> ContestAnswer | Rejection:
        """End a season of a contest, unless it is over already."""
        return self.present(contest_id).reset(season) or self.contest(contest_id)

    def seasons(self, contest_id: str) -> list[Season] | Rejection:
        """Return the seasons of a contest, the latest first."""
        contest = self.present(contest_id)
        return contest.seasons() if contest.exists else contest_not_found(contest_id)

    def delete_contest(self, contest_id: str, history: int | None) -> bool:
        """Delete a contest if it has this history, or any if that is None; return whether it had.

        What is written from then on is of its next history, from revision 0.
        """
        contest = self.present(contest_id)
        if not contest.exists or history not in (None, contest.history):
            return False
        self._deleted.setdefault(contest_id, []).append(contest)
        self._contests[contest_id] = Contest(contest_id, self._clock, contest.history + 1)
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
        return sum(self.present(contest_id).erase(user_id) for contest_id in self._contests)

    def at(self, contest_id: str, position: Position) -> tuple[Contest, int]:
        """Return the contest that had a position, deleted or not, and the revision."""
        present = self.present(contest_id)
        history = position.history or present.first_history
        contests = (present, *self.deleted(contest_id))
        contest = next(each for each in contests if each.first_history <= history)
        assert position == contest.position_of(position.revision), f"no position {position}"
        return contest, position.revision

    def order(self, contest_id: str, position: Position) -> tuple[int, int]:
        """Return a key by which all positions that a contest ever had are ordered."""
        history = position.history or self.present(contest_id).first_history
        return history, position.revision

    def deleted(self, contest_id: str) -> Sequence[Contest]:
        """Return the contests of this id as they were when they were deleted, the latest first."""
        return self._deleted.get(contest_id, [])[::-1]

    def present(self, contest_id: str) -> Contest:
        """Return a contest as it is now."""
        contest = self._contests.setdefault(contest_id, Contest(contest_id, self._clock))
        contest.turn_if_due()
        return contest
