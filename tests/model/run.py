"""One run of random operations on a real service and on the model: what all operations share."""

from collections import defaultdict
from dataclasses import replace

from hypothesis.stateful import RuleBasedStateMachine

from model.board import Service
from model.contest_history import Clock
from model.deployment import Deployment
from model.inputs import FOREIGN, LATE, RULES, Wanted
from model.records import (
    Position,
    Rejection,
    Result,
    Update,
)
from model.remote import RemoteService

STEPS_SHOWN = 20


class Run(RuleBasedStateMachine):
    """The service and the model, and the steps so far. Each run has contests of its own."""

    def __init__(self, deployment: Deployment) -> None:
        """Run on a deployment."""
        super().__init__()
        self._deployment = deployment
        self._clock = Clock(deployment.clock.read())
        self._model = Service(self._clock)
        self._prefix = deployment.new_name()
        self._acknowledged: defaultdict[tuple[int, str], tuple[int, int]] = defaultdict(
            lambda: (0, 0)
        )
        self._kept_from: dict[tuple[int, str, int], int] = {}
        """The least revision of a kept season that a server shows, after an erasure of its own."""
        self._steps: list[str] = []
        self._messages_lost = False

    def _server(self, via: int) -> RemoteService:
        return self._deployment.servers[via]

    def _contest(self, contest: str) -> str:
        return f"{self._prefix}-{contest}"

    def _here(self, update: Update) -> Update:
        return replace(update, contest_id=self._contest(update.contest_id))

    def _record(self, via: int, update: Update, answer: Result | Rejection) -> None:
        """Record an acknowledged position: no later answer of the server may be behind it."""
        self._steps.append(f"server {via}: {update} -> {answer}")
        if isinstance(answer, Result):
            self._acknowledge(via, update.contest_id, answer.position)

    def _exchange(self, update: Update, via: int) -> None:
        here = self._here(update)
        answer = self._server(via).update(here)
        self._record(via, here, answer)
        assert answer == self._model.update(here), self._last_steps()

    def _acknowledge(self, via: int, contest_id: str, position: Position) -> None:
        key, order = (via, contest_id), self._model.order(contest_id, position)
        self._acknowledged[key] = max(self._acknowledged[key], order)

    def _check_reached(self, contest_id: str, via: int, at: Position) -> None:
        """Check that a position is between what a server acknowledged and the present one."""
        oldest, latest = self._acknowledged[via, contest_id], self._model.position(contest_id)
        order = self._model.order(contest_id, at)
        assert oldest <= order <= self._model.order(contest_id, latest), self._last_steps()

    def _name_epochs(self) -> None:
        """Read contests whose season ended without an answer that has the epoch of the next one.

        Epochs are numbered in the order in which they are seen.
        """
        for contest in map(self._contest, (*RULES, LATE)):
            present = self._model.present(contest)
            if present.exists and not self._deployment.epochs.knows(contest, present.history):
                answer = self._server(0).contests.contest(contest)
                assert answer == self._model.contest(contest), self._last_steps()

    def _last_steps(self) -> str:
        """Return the last steps, because a difference that depends on timing can't be repeated."""
        return "\n".join(["the last steps:", *self._steps[-STEPS_SHOWN:]])

    def _position(self, contest_id: str, wanted: Wanted) -> Position | None:
        present, history = self._model.position(contest_id), self._model.present(contest_id).history
        positions = {
            Wanted.NOTHING: None,
            Wanted.BEGINNING: Position(0, 0),
            Wanted.FIRST: Position(present.history, min(1, present.revision)),
            Wanted.PRESENT: present,
            Wanted.NEXT: Position(history, present.revision + 1),
            Wanted.BEFORE_DELETED: Position(history - 1 or FOREIGN, 1),
            Wanted.FOREIGN: Position(FOREIGN, max(1, present.revision)),
        }
        position = positions[wanted]
        if position and position.history in (present.history, history):
            self._name_epochs()  # else it would be one of no contest
        return position
