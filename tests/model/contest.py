"""One contest of the plain model: its states by revision, and what writes do to them.

A contest is the list of its states, one for each revision, so the revision of a state is its index
in the list and any past state can still be read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from model.contest_records import (
    ContestState,
    Settings,
    SettingsChange,
    UsersChanged,
)
from model.ranking import Board, Standing, find, ranking, unranked
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
)
from model.scoring import fit, merged, score_after

LOCKED = ("order", "tie_break", "rank_style")
"""The rules that would reorder a board."""


@dataclass(frozen=True)
class State:
    """A contest at one revision."""

    board: Board
    settings: Settings
    named: str = ""
    """The user whose row the revision changed, as the commit log has it."""


class Contest:
    """One contest until it is deleted: states by revision, hidden users, and first answers."""

    def __init__(self, contest_id: str, history: int = 1) -> None:
        """Begin before the first write, when the contest does not exist yet."""
        self.contest_id = contest_id
        self.history = history
        self.states = [State({}, Settings())]
        self.erased = 0
        """The revision of the last erasure, before which there is no log; 0 without one."""
        self.hidden: dict[str, Standing | None] = {}
        """The hidden users; None for one without a score."""
        self._answers: dict[str, tuple[Update, Result]] = {}

    @property
    def exists(self) -> bool:
        """Whether there was a write, or the contest was created."""
        return len(self.states) > 1

    @property
    def now(self) -> State:
        """The current state."""
        return self.states[-1]

    @property
    def position(self) -> Position:
        """The current position."""
        return self.position_of(len(self.states) - 1)

    def position_of(self, revision: int) -> Position:
        """Return the position of a revision; before the first one there is no epoch."""
        return Position(self.history if revision else 0, revision)

    @property
    def settings_revision(self) -> int:
        """The revision of the last change of the settings, 0 if there was none."""
        return self._last_revision(lambda state: state.settings)

    @property
    def visible_revision(self) -> int:
        """The revision of the last change of the settings or of a row, 0 if there was none."""
        return self._last_revision(lambda state: (state.settings, state.board))

    def _last_revision(self, part: Callable[[State], object]) -> int:
        changed = (
            revision
            for revision, (before, after) in enumerate(pairwise(self.states), start=1)
            if part(before) != part(after)
        )
        return max(changed, default=0)

    def standing(self, user_id: str) -> Standing | None:
        """Return the row of a user, hidden or not; None without a score."""
        return self.now.board.get(user_id) or self.hidden.get(user_id)

    def create(self, settings: Settings) -> Rejection | None:
        """Create the contest, unless it exists with the same settings; or say why not."""
        if problem := contradiction(settings):
            return problem
        if not self.exists:
            self.states.append(State({}, settings))
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
        has_scores = self.now.board or any(self.hidden.values())
        for rule in LOCKED if has_scores else ():
            if getattr(settings.rules, rule) != getattr(before.rules, rule):
                return rules_locked(self.contest_id, rule)
        if settings != before:
            self.states.append(State(self.now.board, settings))
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
        if self.now.settings.state is not ContestState.OPEN:
            return contest_not_open(self.contest_id, self.now.settings)
        score = score_after(update, before, self.now.settings.rules)
        attributes = merged(before.attributes if before else (), update.attributes)
        if isinstance(score, Rejection):
            return score
        if not fit(attributes):
            return invalid(f"{path}attributes")
        result = self._write(update, before, score, attributes)
        if update.request_id:
            self._answers[update.request_id] = update, result
        return result

    def _replayed(self, answer: Result) -> Result:
        """Return an answer again: with the first numbers, and the present name and attributes."""
        present = self.standing(answer.user.user_id)
        user = replace(
            answer.user,
            display_name=present.display_name if present else "",
            attributes=present.attributes if present else (),
        )
        return replace(answer, user=user, replayed=True)

    def _write(
        self, update: Update, before: Standing | None, score: int, attributes: Attributes
    ) -> Result:
        """Make the next state, unless the update has no effect."""
        revision = len(self.states)
        name = update.display_name
        if before and not name and not update.clear_display_name:
            name = before.display_name
        reached = before.reached if before and score == before.score else revision
        after = Standing(update.user_id, score, reached, name, attributes)
        ranked = self._ranked(before)
        if after != before:
            self._append(after)
        return Result(
            user=self._ranked(after),
            previous_score=before.score if before else 0,
            previous_rank=ranked.rank,
            previous_place=ranked.place,
            applied=after != before,
            replayed=False,
            position=self.position,
        )

    def _append(self, row: Standing) -> None:
        """Make the next state, with another row of a user."""
        board, settings = self.now.board, self.now.settings
        if row.user_id in self.hidden:
            self.hidden[row.user_id] = row
            self.states.append(State(board, settings))
        else:
            self.states.append(State({**board, row.user_id: row}, settings, row.user_id))

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
                self._append(row)
        return UsersChanged(count=len(chosen), position=self.position)

    def erase(self, user_id: str) -> bool:
        """Erase a user, and the log if it names it; return whether the contest held the user."""
        is_logged = any(state.named == user_id for state in self.states[self.erased + 1 :])
        if not (is_logged or user_id in self.now.board or user_id in self.hidden):
            return False
        self.hidden.pop(user_id, None)
        board = {name: row for name, row in self.now.board.items() if name != user_id}
        self.states.append(State(board, self.now.settings))
        self.erased = len(self.states) - 1
        return True

    def _take_off(self, user_id: str) -> None:
        if user_id in self.now.board:
            board = {name: row for name, row in self.now.board.items() if name != user_id}
            self.states.append(State(board, self.now.settings, user_id))
