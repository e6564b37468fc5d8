"""Sends random operations to a real service and to the model, and compares every answer.

The updates and the faults are here; `Reads`, `Seasons` with `ContestSettings`, `Moderation` and
`Watching` have the other operations.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial
from operator import itemgetter

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    initialize,
    multiple,
    precondition,
    rule,
)

from model.contest_records import (
    Contest,
    Schedule,
    Settings,
    SettingsChange,
)
from model.deployment import SERVERS, Deployment, Fault
from model.inputs import (
    BUSY_CONTEST,
    LATE,
    RULES,
    alterations,
    busy_updates,
    harmless_changes,
    rules,
    servers,
    updates,
)
from model.moderation import Moderation
from model.reads import Reads
from model.records import (
    Rejection,
    Result,
    Rules,
    Top,
    Update,
)
from model.season_inputs import schedules
from model.seasons import Seasons
from model.watching import Watching


class ServiceMachine(Reads, Seasons, Moderation, Watching):
    """One run of random operations."""

    sent: Bundle[Update] = Bundle("sent")

    def __init__(self, deployment: Deployment, fault: Fault | None = None) -> None:
        """Run on a deployment, with a fault at most once and at any time."""
        super().__init__(deployment)
        self._fault = fault

    @initialize(target=sent, rules=rules, schedules=schedules, update=updates, via=servers)
    def begin(
        self,
        rules: Mapping[str, Rules],
        schedules: Sequence[Schedule | None],
        update: Update,
        via: int,
    ) -> Update:
        """Give each contest its rules, and send a first update that later steps can repeat."""
        for (contest, these), schedule in zip(rules.items(), schedules, strict=True):
            settings = Settings(rules=these, reset_schedule=schedule)
            if settings != Settings():
                self.create_contest(contest, settings, via)
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
        change=st.none() | harmless_changes,
        change_via=servers,
    )
    def send_together(
        self,
        parcels: Sequence[tuple[Update, int]],
        *,
        twice: bool,
        change: SettingsChange | None,
        change_via: int,
    ) -> None:
        """Send updates, a change of settings and reads concurrently.

        The order of the writes is found in the answers. One without an effect has the revision of
        the state before it. One that was replayed, or rejected for its request id, counts as last:
        it may have been handled at any time after the first answer, so a replay may have the name
        of any time since.
        """
        if twice:
            parcels = [*parcels, *((update, SERVERS - 1 - via) for update, via in parcels)]
        parcels = [(self._here(update), via) for update, via in parcels]
        contest = self._contest(BUSY_CONTEST)
        begin = self._model.position(contest).revision
        floors = [self._acknowledged[via, contest] for via in range(SERVERS)]
        pending = [self._server(via).begin_update(update) for update, via in parcels]
        reads = [self._server(via).begin_top(contest, limit=1000) for via in range(SERVERS)]
        contests = self._server(change_via).contests
        changed = contests.update_contest(contest, change) if change else None
        answered = [(*parcel, wait()) for parcel, wait in zip(parcels, pending, strict=True)]
        pages = [wait() for wait in reads]
        writes = [
            (_order(answer), partial(self._compare_meanwhile, begin, update, via, answer))
            for update, via, answer in answered
        ]
        if change:
            taken = set(range(begin + 1)) | {order[1] for order, _ in writes if not order[2]}
            compare_change = partial(self._compare_change, change, change_via, changed)
            writes.append((_order_of_change(changed, taken), compare_change))
        for _, compare in sorted(writes, key=itemgetter(0)):
            compare()
        for via, (page, floor) in enumerate(zip(pages, floors, strict=True)):
            self._steps.append(f"server {via}: top meanwhile -> {page}")
            assert isinstance(page, Top), self._last_steps()
            self._compare_page(page, floor)

    def _compare_page(self, page: Top, floor: tuple[int, int]) -> None:
        contest, at = self._contest(BUSY_CONTEST), page.position
        present = self._model.order(contest, self._model.position(contest))
        assert floor <= self._model.order(contest, at) <= present, self._last_steps()
        assert page == self._model.top(contest, limit=1000, at=at), self._last_steps()

    def _compare_meanwhile(
        self, begin: int, update: Update, via: int, answer: Result | Rejection
    ) -> None:
        self._record(via, update, answer)
        expected = self._model.update(update)
        if isinstance(answer, Result) and isinstance(expected, Result) and answer.replayed:
            expected = self._replayed_since(begin, expected, answer)
        assert answer == expected, self._last_steps()

    def _compare_change(
        self, change: SettingsChange, via: int, answer: Contest | Rejection | None
    ) -> None:
        contest = self._contest(BUSY_CONTEST)
        self._steps.append(f"server {via}: change meanwhile {change} -> {answer}")
        assert answer == self._model.update_contest(contest, change), self._last_steps()

    @precondition(lambda self: self._fault is not None)
    @rule(via=servers)
    def inject_fault(self, via: int) -> None:
        """Inject the fault."""
        assert self._fault is not None
        self._steps.append(f"server {via}: {self._fault}")
        self._name_epochs()
        contest_ids = [*map(self._contest, (*RULES, LATE))]
        self._deployment.inject_fault(self._fault, via, contest_ids)
        self._messages_lost = self._fault is Fault.LOSE_MESSAGES
        if self._fault is Fault.KILL_SERVER:
            self._resume_after_kill(via)
        elif self._fault is Fault.EMPTY_STORE:
            self._model.delete_all()
            self._deployment.await_absence(contest_ids)
        self._fault = None

    def _replayed_since(self, revision: int, expected: Result, answer: Result) -> Result:
        """Return a replay with the name and attributes of an answer, if they were ever shown."""
        contest, user = self._model.present(self._contest(BUSY_CONTEST)), answer.user
        season_before = contest.kept.get(contest.season - 1)
        carried = season_before.profile(user.user_id) if season_before else None
        rows = [state.board.get(user.user_id, carried) for state in contest.states[revision:]]
        shown = [(row.display_name, row.attributes) if row else ("", ()) for row in rows]
        is_hidden = user.user_id in contest.hidden
        assert is_hidden or (user.display_name, user.attributes) in shown, self._last_steps()
        names = {"display_name": user.display_name, "attributes": user.attributes}
        return replace(expected, user=replace(expected.user, **names))  # type: ignore[arg-type]


def _order(answer: Result | Rejection) -> tuple[int, int, bool]:
    if isinstance(answer, Rejection):
        return 2, 0, False
    return int(answer.replayed), answer.position.revision, not answer.applied


def _order_of_change(
    answer: Contest | Rejection | None, others: AbstractSet[int]
) -> tuple[int, int, bool]:
    """Return the order of a change of settings, given the revisions that it did not take."""
    if not isinstance(answer, Contest):
        return -1, 0, False  # there was no contest yet
    revision = answer.position.revision
    return 0, revision, revision in others
