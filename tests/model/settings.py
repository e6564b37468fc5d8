"""Random changes of contests and their settings, whose answers are compared with the model's."""

from collections.abc import Mapping

from hypothesis.stateful import rule

from model.contest_records import Contest, ContestState, Settings, SettingsChange, Time
from model.inputs import (
    BUSY_CONTEST,
    changes,
    contests,
    harmless_changes,
    new_settings,
    read_contests,
    servers,
    states,
    times,
)
from model.run import Run


class ContestSettings(Run):
    """Calls of `ContestService` through either server."""

    @rule(contest=contests, settings=new_settings, via=servers)
    def create_contest(self, contest: str, settings: Settings, via: int) -> None:
        """Create a contest, which may exist with the same or other settings."""
        here = self._contest(contest)
        answer = self._server(via).contests.create_contest(here, settings)
        self._steps.append(f"server {via}: create {here} {settings} -> {answer}")
        if isinstance(answer, Contest):
            self._acknowledge(via, here, answer.position)
        assert answer == self._model.create_contest(here, settings), self._last_steps()

    @rule(contest=contests, change=changes, via=servers)
    def update_contest(self, contest: str, change: SettingsChange, via: int) -> None:
        """Change settings; the order of a board with scores is locked."""
        self._update_contest(contest, change, via)

    @rule(change=harmless_changes, via=servers)
    def update_busy_contest(self, change: SettingsChange, via: int) -> None:
        """Change what rejects no update."""
        self._update_contest(BUSY_CONTEST, change, via)

    @rule(contest=read_contests, times=times, via=servers)
    def open_or_close(self, contest: str, times: Mapping[str, Time | None], via: int) -> None:
        """Change the times of a contest, by which it opens or closes."""
        self._update_contest(contest, SettingsChange(times=times), via)

    def _update_contest(self, contest: str, change: SettingsChange, via: int) -> None:
        here = self._contest(contest)
        answer = self._server(via).contests.update_contest(here, change)
        self._steps.append(f"server {via}: change {here} {change} -> {answer}")
        if isinstance(answer, Contest):
            self._acknowledge(via, here, answer.position)
        assert answer == self._model.update_contest(here, change), self._last_steps()

    @rule(contest=read_contests, via=servers)
    def read_contest(self, contest: str, via: int) -> None:
        """Read a contest, which is always the current state."""
        here = self._contest(contest)
        answer = self._server(via).contests.contest(here)
        self._steps.append(f"server {via}: read {here} -> {answer}")
        assert answer == self._model.contest(here), self._last_steps()

    @rule(state=states, via=servers)
    def list_contests(self, state: ContestState | None, via: int) -> None:
        """List the contests of this run in a state, or all of them, in pages."""
        answer = self._server(via).contests.contests(f"{self._prefix}-", state)
        self._steps.append(f"server {via}: list {state} -> {answer}")
        assert answer == self._model.contests(f"{self._prefix}-", state), self._last_steps()
