"""Sends random operations to a real service and to the model, and compares every answer.

The updates and the faults are here; `Reads`, `ContestSettings` and `Watching` have the other
operations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    initialize,
    multiple,
    precondition,
    rule,
)

from model.deployment import SERVERS, Deployment, Fault
from model.inputs import BUSY_CONTEST, alterations, busy_updates, rules, servers, updates
from model.reads import Reads
from model.records import Rejection, Result, Rules, Settings, Top, Update
from model.settings import ContestSettings
from model.watching import Watching


class ServiceMachine(Reads, ContestSettings, Watching):
    """One run of random operations."""

    sent: Bundle[Update] = Bundle("sent")

    def __init__(self, deployment: Deployment, fault: Fault | None = None) -> None:
        """Run on a deployment, with a fault at most once and at any time."""
        super().__init__(deployment)
        self._fault = fault

    @initialize(target=sent, rules=rules, update=updates, via=servers)
    def begin(self, rules: Mapping[str, Rules], update: Update, via: int) -> Update:
        """Give each contest its rules, and send a first update that later steps can repeat."""
        for contest, these in rules.items():
            if these != Rules():
                self.create_contest(contest, Settings(rules=these), via)
        self._exchange(update, via)
        return update

    @rule(target=sent, update=updates, via=servers)
    def send(self, update: Update, via: int) -> Update:
        """Send an update through either server."""
        self._exchange(update, via)
        return update

    @rule(update=sent, via=servers)
    def send_again(self, update: Update, via: int) -> None:
        """Send an earlier update once more, unchanged."""
        self._exchange(update, via)

    @rule(update=sent, alteration=alterations, via=servers)
    def send_altered(self, update: Update, alteration: dict[str, object], via: int) -> None:
        """Send an earlier update with another value in one field, but the same request id."""
        self._exchange(replace(update, **alteration), via)  # type: ignore[arg-type]

    @rule(
        target=sent,
        batch=st.lists(st.one_of(updates, updates, sent), min_size=1, max_size=12),
        via=servers,
    )
    def send_batch(self, batch: Sequence[Update], via: int) -> MultipleResults[Update]:
        """Send new and earlier updates in a batch, some of them twice."""
        here = [self._here(update) for update in batch]
        answers = self._server(via).batch(here)
        for update, answer in zip(here, answers, strict=True):
            self._record(via, update, answer)
        assert answers == self._model.batch(here), self._last_steps()
        return multiple(*batch)

    @rule(
        parcels=st.lists(st.tuples(busy_updates, servers), min_size=2, max_size=8),
        twice=st.booleans(),
    )
    def send_together(self, parcels: Sequence[tuple[Update, int]], *, twice: bool) -> None:
        """Send updates and reads concurrently, and find the order of the updates in the answers.

        An update without an effect has the revision of the state before it. One that was
        replayed, or rejected for its request id, counts as last: it may have been handled at any
        time after the first answer, so a replay may have the name of any time since.
        """
        if twice:
            parcels = [*parcels, *((update, SERVERS - 1 - via) for update, via in parcels)]
        parcels = [(self._here(update), via) for update, via in parcels]
        contest = self._contest(BUSY_CONTEST)
        begin = self._model.position(contest).revision
        floors = [self._acknowledged[via, contest] for via in range(SERVERS)]
        pending = [self._server(via).begin_update(update) for update, via in parcels]
        reads = [self._server(via).begin_top(contest, limit=1000) for via in range(SERVERS)]
        answered = [(*parcel, wait()) for parcel, wait in zip(parcels, pending, strict=True)]
        pages = [wait() for wait in reads]
        for update, via, answer in sorted(answered, key=lambda each: _order(each[2])):
            self._record(via, update, answer)
            expected = self._model.update(update)
            if isinstance(answer, Result) and isinstance(expected, Result) and answer.replayed:
                expected = self._replayed_since(begin, expected, answer)
            assert answer == expected, self._last_steps()
        for via, (page, floor) in enumerate(zip(pages, floors, strict=True)):
            self._steps.append(f"server {via}: top meanwhile -> {page}")
            assert isinstance(page, Top), self._last_steps()
            at = page.position.revision
            assert floor <= at <= self._model.position(contest).revision, self._last_steps()
            assert page == self._model.top(contest, limit=1000, at=at), self._last_steps()

    @precondition(lambda self: self._fault is not None)
    @rule(via=servers)
    def inject_fault(self, via: int) -> None:
        """Inject the fault."""
        assert self._fault is not None
        self._steps.append(f"server {via}: {self._fault}")
        self._deployment.inject_fault(self._fault, via)
        if self._fault is Fault.KILL_SERVER:
            self._resume_after_kill(via)
        self._fault = None

    def _exchange(self, update: Update, via: int) -> None:
        here = self._here(update)
        answer = self._server(via).update(here)
        self._record(via, here, answer)
        assert answer == self._model.update(here), self._last_steps()

    def _replayed_since(self, revision: int, expected: Result, answer: Result) -> Result:
        """Return a replay with the name and attributes of an answer, if they were ever shown."""
        contest, user = self._contest(BUSY_CONTEST), answer.user
        present = self._model.position(contest).revision
        shown = [
            (row.display_name, row.attributes)
            for at in range(revision, present + 1)
            for row in self._model.board(contest, at=at)
            if row.user_id == user.user_id
        ]
        assert (user.display_name, user.attributes) in shown, self._last_steps()
        names = {"display_name": user.display_name, "attributes": user.attributes}
        return replace(expected, user=replace(expected.user, **names))  # type: ignore[arg-type]


def _order(answer: Result | Rejection) -> tuple[int, int, bool]:
    if isinstance(answer, Rejection):
        return 2, 0, False
    return int(answer.replayed), answer.position.revision, not answer.applied
