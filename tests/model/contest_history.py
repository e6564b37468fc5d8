"""The history of a contest of the plain model: its states by revision, and its seasons.

A contest is the list of its states, one for each revision, so the revision of a state is its index
in the list and any past state can still be read. Seasons share that list: each begins with a
revision of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from model.contest_records import Season, Settings
from model.ranking import Board, Standing, ranking
from model.records import Position, RankedUser, Rules


@dataclass
class Clock:
    """The time of the store, which stands still until the test changes it."""

    now_ms: int = 0


@dataclass(frozen=True)
class State:
    """A contest at one revision."""

    board: Board
    settings: Settings
    named: str = ""
    """The user whose row the revision changed, as the commit log has it."""
    season: int = 1


@dataclass(frozen=True)
class View:
    """A board that is read."""

    board: Board
    rules: Rules
    position: Position

    @property
    def ranked(self) -> list[RankedUser]:
        """All rows, best first."""
        return ranking(self.board, self.rules)


@dataclass
class KeptSeason:
    """A season that is over; `versions` has its boards, of which each erasure makes another one."""

    number: int
    started_at_ms: int
    ended_at_ms: int
    settings: Settings
    hidden: dict[str, Standing | None]
    revision: int
    """That of the first version; each further one has the next."""
    versions: list[Board]

    def profile(self, user_id: str) -> Standing | None:
        """Return the row of a user, hidden or not; None without a score."""
        return self.versions[-1].get(user_id) or self.hidden.get(user_id)

    def erase(self, user_id: str) -> bool:
        """Erase a user; return whether the season held it."""
        board = self.versions[-1]
        if user_id not in board and user_id not in self.hidden:
            return False
        self.hidden.pop(user_id, None)
        self.versions.append({name: row for name, row in board.items() if name != user_id})
        return True


class ContestHistory:
    """The states of one contest until it is deleted, its hidden users, and its kept seasons."""

    def __init__(self, contest_id: str, clock: Clock, history: int = 1) -> None:
        """Begin before the first write, when the contest does not exist yet."""
        self.contest_id = contest_id
        self.first_history = history
        self.states = [State({}, Settings())]
        self.erased = 0
        """The revision of the last erasure, before which there is no log; 0 without one."""
        self.hidden: dict[str, Standing | None] = {}
        """The hidden users; None for one without a score."""
        self.kept: dict[int, KeptSeason] = {}
        self.dropped: dict[int, KeptSeason] = {}
        """Seasons that were kept: a server may have read them before."""
        self.created_at_ms = 0
        self.reset_at_ms: int | None = None
        self._clock = clock
        self._season_began = 0
        """The revision of the last turn, before which there is no log."""
        self._started_at_ms: int | None = None

    @property
    def exists(self) -> bool:
        """Whether there was a write, or the contest was created."""
        return len(self.states) > 1

    @property
    def now(self) -> State:
        """The current state."""
        return self.states[-1]

    @property
    def season(self) -> int:
        """The current season, 0 without a contest."""
        return self.now.season if self.exists else 0

    @property
    def history(self) -> int:
        """The history that the contest is in, or begins with its first write."""
        return self.history_of(self.now.season)

    def history_of(self, season: int) -> int:
        """Return the history that a season is."""
        return self.first_history + season - 1

    @property
    def position(self) -> Position:
        """The current position."""
        return self.position_of(len(self.states) - 1)

    def position_of(self, revision: int) -> Position:
        """Return the position of a revision; before the first one there is no epoch."""
        history = self.history_of(self.states[revision].season)
        return Position(history if revision else 0, revision)

    def has_had(self, position: Position) -> bool:
        """Return whether a position was the current one at some time."""
        revision = position.revision
        return revision < len(self.states) and position == self.position_of(revision)

    @property
    def has_scores(self) -> bool:
        """Whether any user has a score in this season, hidden or not."""
        return bool(self.now.board) or any(self.hidden.values())

    @property
    def logged(self) -> list[State]:
        """The states of the revisions that the commit log has."""
        return self.states[max(self.erased, self._season_began) + 1 :]

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

    def append(self, board: Board, settings: Settings | None = None, named: str = "") -> None:
        """Make the next state of the season; without other settings they stay."""
        if not self.exists:
            self.created_at_ms = self._clock.now_ms // 1_000 * 1_000
        before = self.now
        self.states.append(State(board, settings or before.settings, named, before.season))
        if settings:
            self.reset_at_ms = settings.season_ends_at(self._clock.now_ms)

    def turn_if_due(self) -> None:
        """End the season if its time is over; one without scores goes on."""
        ended_at_ms = self.reset_at_ms
        if ended_at_ms is None or self._clock.now_ms < ended_at_ms:
            return
        if self.has_scores:
            self.end_season(ended_at_ms)
        self.reset_at_ms = self.now.settings.season_ends_at(self._clock.now_ms)

    def end_season(self, ended_at_ms: int | None = None) -> None:
        """End the season, now or at a time, and drop seasons that are not to be kept."""
        ended_at_ms = self._clock.now_ms if ended_at_ms is None else ended_at_ms
        before = self.now
        self.kept[before.season] = KeptSeason(
            number=before.season,
            started_at_ms=self._started_ms,
            ended_at_ms=ended_at_ms,
            settings=before.settings,
            hidden=dict(self.hidden),
            revision=len(self.states) - 1,
            versions=[before.board],
        )
        for number in [n for n in self.kept if n <= before.season - before.settings.kept]:
            self.dropped[number] = self.kept.pop(number)
        self.hidden = dict.fromkeys(self.hidden)
        self.states.append(State({}, before.settings, season=before.season + 1))
        self._season_began = len(self.states) - 1
        self._started_at_ms = ended_at_ms

    @property
    def _started_ms(self) -> int:
        return self.created_at_ms if self._started_at_ms is None else self._started_at_ms

    def seasons(self) -> list[Season]:
        """Return the current season and those that are kept, the latest first."""
        current = Season(
            number=self.season,
            started_at_ms=self._started_ms,
            ended_at_ms=None,
            total_users=len(self.now.board),
            position=self.position,
        )
        kept = [
            Season(
                number=number,
                started_at_ms=season.started_at_ms,
                ended_at_ms=season.ended_at_ms,
                total_users=len(season.versions[-1]),
                position=self.position_of_kept(season, len(season.versions) - 1),
            )
            for number, season in sorted(self.kept.items(), reverse=True)
        ]
        return [current, *kept]

    def views(self, number: int) -> list[View]:
        """Return the boards that a kept season has had, the present one first."""
        season = self.kept.get(number) or self.dropped.get(number)
        if not season:
            return []
        rules = season.settings.rules
        views = [
            View(board, rules, self.position_of_kept(season, version))
            for version, board in enumerate(season.versions)
        ]
        return views[::-1]

    def kept_positions(self) -> list[Position]:
        """Return the position of each kept season."""
        return [self.position_of_kept(each, len(each.versions) - 1) for each in self.kept.values()]

    def position_of_kept(self, season: KeptSeason, version: int) -> Position:
        """Return the position of a version of a kept season."""
        return Position(self.history_of(season.number), season.revision + version)
