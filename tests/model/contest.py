"""One contest of the plain model: its states by revision, and what writes do to them.

A contest is the list of its states, one for each revision, so the revision of a state is its index
in the list and any past state can still be read.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

from model.ranking import Board, Standing, find, is_better, ranking
from model.records import (
    Attributes,
    Mode,
    Position,
    Rejection,
    Result,
    Rules,
    Settings,
    SettingsChange,
    Update,
)
from model.rejections import (
    MAX_SCORE,
    contest_already_exists,
    contest_not_found,
    invalid,
    points_out_of_range,
    request_id_reused,
    rules_locked,
    score_out_of_range,
)

MAX_ATTRIBUTES = 8
MAX_ATTRIBUTES_BYTES = 256
LOCKED = ("order", "tie_break", "rank_style")
"""The rules that would reorder a board."""


@dataclass(frozen=True)
class State:
    """A contest at one revision."""

    board: Board
    settings: Settings


class Contest:
    """One contest: its states by revision, and the first answer to each request id."""

    def __init__(self, contest_id: str) -> None:
        """Begin before the first write, when the contest does not exist yet."""
        self.contest_id = contest_id
        self.states = [State({}, Settings())]
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
        return position_of(len(self.states) - 1)

    @property
    def settings_revision(self) -> int:
        """The revision of the last change of the settings, 0 if there was none."""
        changed = (
            revision
            for revision, (before, after) in enumerate(pairwise(self.states), start=1)
            if before.settings != after.settings
        )
        return max(changed, default=0)

    def reaches(self, wanted: Position | None) -> bool:
        """Return whether the current state is at or after the wanted position."""
        if wanted is None or wanted == Position(0, 0):
            return True
        present = self.position
        return wanted.history == present.history and wanted.revision <= present.revision

    def create(self, settings: Settings) -> Rejection | None:
        """Create the contest, unless it exists with the same settings; or say why not."""
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
        least, most = settings.rules.min_score, settings.rules.max_score
        if least is not None and most is not None and least > most:
            return invalid("contest.rules.max_score")
        for rule in LOCKED if self.now.board else ():
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
        before = self.now.board.get(update.user_id)
        if update.request_id in self._answers:
            first_update, answer = self._answers[update.request_id]
            if first_update != update:
                return request_id_reused(update)
            return self._replayed(answer)
        score = score_after(update, before, self.now.settings.rules)
        if isinstance(score, Rejection):
            return score
        attributes = merged(before.attributes if before else (), update.attributes)
        if not fit(attributes):
            return invalid(f"{path}attributes")
        result = self._write(update, before, score, attributes)
        if update.request_id:
            self._answers[update.request_id] = update, result
        return result

    def _replayed(self, answer: Result) -> Result:
        """Return an answer again: with the first numbers, and the present name and attributes."""
        present = self.now.board[answer.user.user_id]
        user = replace(
            answer.user, display_name=present.display_name, attributes=present.attributes
        )
        return replace(answer, user=user, replayed=True)

    def _write(
        self, update: Update, before: Standing | None, score: int, attributes: Attributes
    ) -> Result:
        """Make the next state, unless the update has no effect."""
        board, settings = self.now.board, self.now.settings
        revision = len(self.states)
        name = update.display_name
        if before and not name and not update.clear_display_name:
            name = before.display_name
        reached = before.reached if before and score == before.score else revision
        after = Standing(update.user_id, score, reached, name, attributes)
        if after != before:
            self.states.append(State({**board, update.user_id: after}, settings))
        ranked = find(ranking(board, settings.rules), update.user_id) if before else None
        return Result(
            user=find(ranking(self.now.board, settings.rules), update.user_id),
            previous_score=before.score if before else 0,
            previous_rank=ranked.rank if ranked else 0,
            previous_place=ranked.place if ranked else 0,
            applied=after != before,
            replayed=False,
            position=self.position,
        )


def position_of(revision: int) -> Position:
    """Return the position of a revision; before the first one there is no epoch."""
    return Position(history=1 if revision else 0, revision=revision)


def score_after(update: Update, before: Standing | None, rules: Rules) -> int | Rejection:
    """Return the score after an update, or its rejection; a score that stays has no bounds."""
    score = update.points
    match update.mode or rules.default_mode:
        case Mode.INCREMENT:
            if rules.max_points is not None and abs(update.points) > rules.max_points:
                return points_out_of_range(update, rules.max_points)
            score += before.score if before else 0
        case Mode.BEST if before and not is_better(update.points, before.score, rules):
            score = before.score
    if before and score == before.score:
        return score
    least = -MAX_SCORE if rules.min_score is None else rules.min_score
    most = MAX_SCORE if rules.max_score is None else rules.max_score
    return score if least <= score <= most else score_out_of_range(update, least, most)


def merged(before: Attributes, changes: Attributes) -> Attributes:
    """Return attributes with others merged into them; an empty value removes one."""
    after = dict(before) | dict(changes)
    return tuple(sorted((key, value) for key, value in after.items() if value))


def fit(attributes: Attributes) -> bool:
    """Return whether a user may have these attributes."""
    size = sum(len((key + value).encode()) for key, value in attributes)
    return len(attributes) <= MAX_ATTRIBUTES and size <= MAX_ATTRIBUTES_BYTES
