"""One contest of the plain model: what writes do to it."""

from collections.abc import Sequence
from dataclasses import replace

from model.contest_history import Clock, ContestHistory
from model.contest_records import (
    ContestState,
    Settings,
    SettingsChange,
    UsersChanged,
)
from model.ranking import Standing, find, ranking, unranked
from model.records import (
    Attributes,
    Position,
    RankedUser,
    Rejection,
    Result,
    Update,
)
from model.rejections import (
    MAX_SCORE,
    contest_already_exists,
    contest_not_found,
    contest_not_open,
    contradiction,
    invalid,
    request_id_reused,
    rules_locked,
    score_out_of_range,
    season_not_current,
)
from model.scoring import fit, merged, score_after

LOCKED = ("order", "tie_break", "rank_style")
"""The rules that would reorder a board."""


class Contest(ContestHistory):
    """One contest until it is deleted, with the first answers to its requests."""

    def __init__(self, contest_id: str, clock: Clock, history: int = 1) -> None:
        """Begin before the first write, when the contest does not exist yet."""
        super().__init__(contest_id, clock, history)
        self._answers: dict[str, tuple[Update, Result]] = {}

    def profile(self, user_id: str) -> Standing | None:
        """Return the row of a user, or that of the season before; None without either."""
        before = self.kept.get(self.now.season - 1)
        return self.standing(user_id) or (before.profile(user_id) if before else None)

    def standing(self, user_id: str) -> Standing | None:
        """Return the row of a user, hidden or not; None without a score."""
        return self.now.board.get(user_id) or self.hidden.get(user_id)

    def create(self, settings: Settings) -> Rejection | None:
        """Create the contest, unless it exists with the same settings; or say why not."""
        if problem := contradiction(settings):
            return problem
        if not self.exists:
            self.append({}, settings)
        elif self.now.settings != settings:
            return contest_already_exists(self.contest_id)
        return None

    def change_settings(self, change: SettingsChange) -> Rejection | None:
        """Change the settings, or say why not; without a difference nothing happens."""
        if not self.exists:
            return contest_not_found(self.contest_id)
        before, settings = self.now.settings, change.applied_to(self.now.settings)
        if problem := contradiction(settings):
            return problem
        for rule in LOCKED if self.has_scores else ():
            if getattr(settings.rules, rule) != getattr(before.rules, rule):
                return rules_locked(self.contest_id, rule)
        if settings != before:
            self.append(self.now.board, settings)
        return None

    def reset(self, season: int) -> Rejection | None:
        """End a season, or say why not; one that is over already is no error."""
        if not self.exists:
            return contest_not_found(self.contest_id)
        if season > self.season:
            return season_not_current(self.contest_id, self.season)
        if season == self.season:
            self.end_season()
        return None

    def update(self, update: Update, path: str = "") -> Result | Rejection:
        """Return the first answer again, reject the update, or apply it and keep the answer.

        `path` is that of the update within a batch.
        """
        if abs(update.points) > MAX_SCORE:
            return score_out_of_range(update)
        if update.request_id in self._answers:
            first_update, answer = self._answers[update.request_id]
            return self._replayed(answer) if first_update == update else request_id_reused(update)
        before = self.standing(update.user_id)
        if problem := self._not_open_for(update):
            return problem
        score = score_after(update, before, self.now.settings.rules)
        profile = self.profile(update.user_id)
        attributes = merged(profile.attributes if profile else (), update.attributes)
        if isinstance(score, Rejection):
            return score
        if not fit(attributes):
            return invalid(f"{path}attributes")
        result = self._write(update, before, score, attributes)
        if update.request_id:
            self._answers[update.request_id] = update, result
        return result

    def _not_open_for(self, update: Update) -> Rejection | None:
        if self.now.settings.state is not ContestState.OPEN:
            return contest_not_open(self.contest_id, self.now.settings)
        if update.season not in (0, self.now.season):
            return season_not_current(self.contest_id, self.now.season)
        return None

    def _replayed(self, answer: Result) -> Result:
        """Return an answer again: with the first numbers, and the present name and attributes.

        Its position is of the present history, where it can be reached.
        """
        present = self.profile(answer.user.user_id)
        user = replace(
            answer.user,
            display_name=present.display_name if present else "",
            attributes=present.attributes if present else (),
        )
        position = Position(self.history, answer.position.revision)
        return replace(answer, user=user, replayed=True, position=position)

    def _write(
        self, update: Update, before: Standing | None, score: int, attributes: Attributes
    ) -> Result:
        """Make the next state, unless the update has no effect."""
        revision = len(self.states)
        name, profile = update.display_name, self.profile(update.user_id)
        if profile and not name and not update.clear_display_name:
            name = profile.display_name
        reached = before.reached if before and score == before.score else revision
        after = Standing(update.user_id, score, reached, name, attributes)
        ranked = self._ranked(before)
        if after != before:
            self._put(after)
        return Result(
            user=self._ranked(after),
            previous_score=before.score if before else 0,
            previous_rank=ranked.rank,
            previous_place=ranked.place,
            applied=after != before,
            replayed=False,
            position=self.position,
        )

    def _put(self, row: Standing) -> None:
        """Make the next state, with another row of a user."""
        if row.user_id in self.hidden:
            self.hidden[row.user_id] = row
            self.append(self.now.board)
        else:
            self.append({**self.now.board, row.user_id: row}, named=row.user_id)

    def _ranked(self, row: Standing | None) -> RankedUser:
        """Return a row with its rank and place, which are 0 for one that is not on the board."""
        if row and row.user_id in self.now.board:
            return find(ranking(self.now.board, self.now.settings.rules), row.user_id)
        return unranked(row or Standing("", 0, 0, ""))

    def remove(self, user_ids: Sequence[str]) -> UsersChanged:
        """Remove users; a hidden one stays hidden."""
        removed = [user_id for user_id in user_ids if self.standing(user_id)]
        for user_id in removed:
            if user_id in self.hidden:
                self.hidden[user_id] = None
            else:
                self._take_off(user_id)
        return UsersChanged(count=len(removed), position=self.position)

    def hide(self, user_ids: Sequence[str]) -> UsersChanged:
        """Hide users; nothing in a contest that does not exist."""
        chosen = [user_id for user_id in user_ids if self.exists and user_id not in self.hidden]
        for user_id in chosen:
            self.hidden[user_id] = self.now.board.get(user_id)
            self._take_off(user_id)
        return UsersChanged(count=len(chosen), position=self.position)

    def unhide(self, user_ids: Sequence[str]) -> UsersChanged:
        """End the hiding of users."""
        chosen = [user_id for user_id in user_ids if user_id in self.hidden]
        for user_id in chosen:
            if row := self.hidden.pop(user_id):
                self._put(row)
        return UsersChanged(count=len(chosen), position=self.position)

    def erase(self, user_id: str) -> bool:
        """Erase a user, and the log if it names it; return whether the contest held the user."""
        in_kept = [season.erase(user_id) for season in self.kept.values()]
        is_logged = any(state.named == user_id for state in self.logged)
        if not (is_logged or user_id in self.now.board or user_id in self.hidden):
            return any(in_kept)
        self.hidden.pop(user_id, None)
        self.append({name: row for name, row in self.now.board.items() if name != user_id})
        self.erased = len(self.states) - 1
        return True

    def _take_off(self, user_id: str) -> None:
        if user_id in self.now.board:
            board = {name: row for name, row in self.now.board.items() if name != user_id}
            self.append(board, named=user_id)
