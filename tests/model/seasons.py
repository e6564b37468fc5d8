"""Random seasons: schedules, the store's clock, resets and reads, compared with the model's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from model.contest_records import Contest, Schedule, SettingsChange
from model.inputs import (
    Wanted,
    around,
    contests,
    read_contests,
    scores,
    servers,
    some_users,
    users,
    wanted,
)
from model.records import Position, Top, Update
from model.season_inputs import Reset, advances, changed_seasons, played, read_seasons
from model.settings import ContestSettings


class Seasons(ContestSettings):
    """Seasons that end by a schedule or by a call, and reads of those that are over."""

    @rule(ms=advances)
    def advance_clock(self, ms: int) -> None:
        """Advance the clock of the store, past any number of ends of seasons."""
        self._name_epochs()
        self._deployment.clock.advance(ms)
        self._clock.now_ms += ms
        self._steps.append(f"the clock of the store: {self._clock.now_ms}")

    @rule(contest=contests, played=played, by_schedule=st.booleans(), via=servers)
    def play_seasons(
        self, contest: str, played: Sequence[Sequence[Update]], via: int, *, by_schedule: bool
    ) -> None:
        """Write to a contest and end its season, by its schedule or by a call, several times."""
        for updates in played:
            for update in updates:
                self._exchange(replace(update, contest_id=contest, season=0), via)
            if by_schedule:
                self.advance_clock(Schedule.MINUTES.value[2])
            else:
                self.reset_contest(contest, Reset.CURRENT, via)

    @rule(contest=read_contests, seasons=changed_seasons, via=servers)
    def change_schedule(self, contest: str, seasons: Mapping[str, Any], via: int) -> None:
        """Change when seasons end, and how many are kept."""
        self._update_contest(contest, SettingsChange(seasons=seasons), via)

    @rule(contest=read_contests, meant=st.sampled_from(Reset), via=servers)
    def reset_contest(self, contest: str, meant: Reset, via: int) -> None:
        """End the current season; for an earlier one nothing happens."""
        self._name_epochs()
        here = self._contest(contest)
        season = meant.of(self._model.present(here).season)
        answer = self._server(via).contests.reset_contest(here, season)
        self._steps.append(f"server {via}: reset {here}, {season} -> {answer}")
        if isinstance(answer, Contest):
            self._acknowledge(via, here, answer.position)
        assert answer == self._model.reset_contest(here, season), self._last_steps()

    @rule(contest=read_contests, via=servers)
    def list_seasons(self, contest: str, via: int) -> None:
        """List the seasons of a contest, in pages."""
        here = self._contest(contest)
        answer = self._server(via).contests.seasons(here)
        self._steps.append(f"server {via}: seasons of {here} -> {answer}")
        assert answer == self._model.seasons(here), self._last_steps()

    @rule(
        contest=read_contests,
        season=read_seasons,
        limit=st.sampled_from((0, 1, 2, 1000)),
        start_rank=st.sampled_from((0, 1, 2, 3)),
        wanted=wanted,
        via=servers,
    )
    def read_top_of_season(
        self, contest: str, season: int, limit: int, start_rank: int, wanted: Wanted, via: int
    ) -> None:
        """Read a page of a season; of the current one it may be of an earlier state."""
        here = self._contest(contest)
        position = self._position(here, wanted)
        page: dict[str, Any] = {"limit": limit, "start_rank": start_rank, "min_position": position}
        answer = self._server(via).top(here, **page, season=season)
        self._steps.append(f"server {via}: top of season {season} of {here} {page} -> {answer}")
        if isinstance(answer, Top) and self._is_live(here, via, answer):
            assert answer == self._model.top(here, **page, at=answer.position), self._last_steps()
        else:
            self._compare_season(here, season, via, answer, self._model.top, **page)

    def _is_live(self, contest_id: str, via: int, page: Top) -> bool:
        """Return whether a page is of a state that a server may still show as the current one."""
        contest, at = self._model.present(contest_id), page.position
        order = self._model.order(contest_id, at)
        if not contest.has_had(at) or order < self._acknowledged[via, contest_id]:
            return False
        self._acknowledge(via, contest_id, at)
        return True

    @rule(
        contest=read_contests,
        season=read_seasons,
        user=users,
        around=around,
        wanted=wanted,
        via=servers,
    )
    def read_rank_of_season(
        self, contest: str, season: int, user: str, around: int, wanted: Wanted, via: int
    ) -> None:
        """Read the rank of one user in a season."""
        here = self._contest(contest)
        rows: dict[str, Any] = {"neighbors": 1, "around_user": around, "user_id": user}
        rows["min_position"] = self._position(here, wanted)
        answer = self._server(via).rank(here, **rows, season=season)
        self._steps.append(f"server {via}: rank in season {season} of {here} {rows} -> {answer}")
        self._compare_season(here, season, via, answer, self._model.rank, **rows)

    @rule(contest=read_contests, season=read_seasons, users=some_users, via=servers)
    def read_user_ranks_of_season(
        self, contest: str, season: int, users: Sequence[str], via: int
    ) -> None:
        """Read the ranks of several users in a season."""
        here = self._contest(contest)
        answer = self._server(via).user_ranks(here, users, season=season)
        self._steps.append(f"server {via}: ranks in season {season} of {here} {users} -> {answer}")
        self._compare_season(here, season, via, answer, self._model.user_ranks, user_ids=users)

    @rule(contest=read_contests, season=read_seasons, score=scores, around=around, via=servers)
    def read_score_rank_of_season(
        self, contest: str, season: int, score: int, around: int, via: int
    ) -> None:
        """Read the rank that a score would have in a season."""
        here = self._contest(contest)
        rows: dict[str, Any] = {"score": score, "around_score": around}
        answer = self._server(via).score_rank(here, **rows, season=season)
        self._steps.append(f"server {via}: rank in season {season} of {here} {rows} -> {answer}")
        self._compare_season(here, season, via, answer, self._model.score_rank, **rows)

    def _compare_season(
        self,
        contest_id: str,
        season: int,
        via: int,
        answer: object,
        read: Callable[..., object],
        **query: Any,
    ) -> None:
        """Compare an answer, which may be of before an erasure, or before the season was gone.

        A server shows nothing of before an erasure of its own.
        """
        if isinstance(at := getattr(answer, "position", None), Position):
            least = self._kept_from.get((via, contest_id, at.history), 0)
            assert at.revision >= least, f"before {least}\n{self._last_steps()}"
        due = [
            read(contest_id, **query, season=season, age=age)
            for age in self._model.ages(contest_id, season)
        ]
        assert answer in due, f"due: {due}\n{self._last_steps()}"

    @rule(contest=read_contests, via=servers)
    def read_all_seasons(self, contest: str, via: int) -> None:
        """Read the whole board of every season that is kept, with the rank of each user."""
        here = self._contest(contest)
        self.list_seasons(contest, via)
        for number in sorted(self._model.present(here).kept):
            self.read_top_of_season(contest, number, 1000, 1, Wanted.NOTHING, via)
            for user in self._model.present(here).kept[number].versions[-1]:
                self.read_rank_of_season(contest, number, user, 3, Wanted.NOTHING, via)
