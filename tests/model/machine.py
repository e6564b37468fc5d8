"""Sends random operations to a real service and to the model, and compares every answer.

Each run has contests of its own, so many runs can use the same servers and store.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
)

from leaderboard.v1 import leaderboard_pb2 as pb
from model.board import Service
from model.deployment import SERVERS, Deployment, Fault
from model.inputs import (
    BUSY_CONTEST,
    Wanted,
    alterations,
    around,
    busy_updates,
    read_contests,
    rules,
    scopes,
    scores,
    servers,
    some_users,
    updates,
    users,
    wanted,
    watched_limits,
)
from model.records import Position, Rejection, Result, Rules, Top, Update
from model.remote import RemoteService
from model.watches import Watch

MOST_WATCHES = 6
STEPS_SHOWN = 20


class ServiceMachine(RuleBasedStateMachine):
    """One run of random operations."""

    sent: Bundle[Update] = Bundle("sent")

    def __init__(self, deployment: Deployment, fault: Fault | None = None) -> None:
        """Run on a deployment, with a fault at most once and at any time."""
        super().__init__()
        self._deployment = deployment
        self._model = Service()
        self._prefix = deployment.new_name()
        self._acknowledged: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._fault = fault
        self._steps: list[str] = []
        self._watches: list[Watch] = []

    @initialize(target=sent, rules=rules, update=updates, via=servers)
    def begin(self, rules: Mapping[str, Rules], update: Update, via: int) -> Update:
        """Give each contest its rules, and send a first update that later steps can repeat."""
        for contest, these in rules.items():
            self._deployment.set_rules(self._contest(contest), these)
            self._model.begin_with(self._contest(contest), these)
            self._steps.append(f"{contest}: {these}")
        self._exchange(update, via)
        return update

    def teardown(self) -> None:
        """Compare what the watches saw up to the end."""
        try:
            self.compare_watches()
        finally:
            for watch in self._watches:
                self._deployment.close_watch(watch)

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

    @rule(
        contest=read_contests,
        limit=st.sampled_from((0, 1, 2, 3, 10, 1000)),
        start_rank=st.sampled_from((0, 0, 1, 2, 3, 7)),
        wanted=wanted,
        via=servers,
    )
    def read_top(self, contest: str, limit: int, start_rank: int, wanted: Wanted, via: int) -> None:
        """Read a page, which may be of an earlier state within the rules of the contract."""
        here = self._contest(contest)
        position = self._position(here, wanted)
        page = {"limit": limit, "start_rank": start_rank}
        answer = self._server(via).top(here, **page, min_position=position)
        self._steps.append(f"server {via}: top of {here} {page} {position} -> {answer}")
        at = None
        if isinstance(answer, Top):
            at = answer.position.revision
            oldest = max(self._acknowledged[via, here], position.revision if position else 0)
            assert oldest <= at <= self._model.position(here).revision, self._last_steps()
            self._acknowledged[via, here] = at
        assert answer == self._model.top(here, **page, min_position=position, at=at), (
            self._last_steps()
        )

    @rule(
        contest=read_contests,
        user=users,
        neighbors=st.sampled_from((0, 1, 2, 100)),
        around=around,
        wanted=wanted,
        via=servers,
    )
    def read_rank(
        self, contest: str, user: str, neighbors: int, around: int, wanted: Wanted, via: int
    ) -> None:
        """Read the rank of one user, which is always the current one."""
        here = self._contest(contest)
        position = self._position(here, wanted)
        rows = {"neighbors": neighbors, "around_user": around}
        answer = self._server(via).rank(here, user, **rows, min_position=position)
        self._steps.append(f"server {via}: rank of {user} in {here} {rows} {position} -> {answer}")
        expected = self._model.rank(here, user, **rows, min_position=position)
        assert answer == expected, self._last_steps()

    @rule(contest=read_contests, users=some_users, wanted=wanted, via=servers)
    def read_user_ranks(self, contest: str, users: Sequence[str], wanted: Wanted, via: int) -> None:
        """Read the ranks of several users, which are all of the current state."""
        here = self._contest(contest)
        position = self._position(here, wanted)
        answer = self._server(via).user_ranks(here, users, min_position=position)
        self._steps.append(f"server {via}: ranks of {users} in {here} {position} -> {answer}")
        expected = self._model.user_ranks(here, users, min_position=position)
        assert answer == expected, self._last_steps()

    @rule(contest=read_contests, score=scores, around=around, wanted=wanted, via=servers)
    def read_score_rank(
        self, contest: str, score: int, around: int, wanted: Wanted, via: int
    ) -> None:
        """Read the rank that a score would have in the current state."""
        here = self._contest(contest)
        position = self._position(here, wanted)
        rows = {"around_score": around}
        answer = self._server(via).score_rank(here, score, **rows, min_position=position)
        self._steps.append(f"server {via}: rank of {score} in {here} {rows} -> {answer}")
        expected = self._model.score_rank(here, score, **rows, min_position=position)
        assert answer == expected, self._last_steps()

    @precondition(lambda self: len(self._watches) < MOST_WATCHES)
    @rule(contest=read_contests, scope=scopes, limit=watched_limits, users=some_users, via=servers)
    def watch(
        self, contest: str, scope: pb.WatchScope, limit: int, users: Sequence[str], via: int
    ) -> None:
        """Watch a contest; the scope ALL with all rows, so that its whole board is known."""
        here = self._contest(contest)
        limit = 1000 if scope == pb.WATCH_SCOPE_ALL else limit
        watched = tuple(users) if scope == pb.WATCH_SCOPE_USERS else ()
        watch = Watch(here, scope, limit, watched)
        self._steps.append(f"server {via}: {watch}")
        self._watches.append(watch)
        self._deployment.open_watch(watch, via)

    @precondition(lambda self: self._watches)
    @rule(number=st.integers(0, MOST_WATCHES), via=servers)
    def resume_watch(self, number: int, via: int) -> None:
        """Resume a watch at either server."""
        watch = self._watches[number % len(self._watches)]
        self._steps.append(f"server {via}: resume {watch}")
        self._deployment.open_watch(watch, via)

    @precondition(lambda self: self._watches)
    @rule()
    def compare_watches(self) -> None:
        """Wait until each watch has the current state, and compare all that it saw."""
        for watch in self._watches:
            try:
                self._deployment.await_watch(watch, self._model)
                watch.compare(self._model)
            except AssertionError as difference:
                raise AssertionError(f"{difference}\n{self._last_steps()}") from difference

    @rule(contest=read_contests, via=servers)
    def read_all(self, contest: str, via: int) -> None:
        """Read the whole current board, and the rank of every user with all neighbors."""
        self.read_top(contest, 1000, 1, Wanted.PRESENT, via)
        for user in self._model.board(self._contest(contest)):
            self.read_rank(contest, user.user_id, 100, 3, Wanted.NOTHING, via)
            self.read_score_rank(contest, user.score, 3, Wanted.NOTHING, via)

    @precondition(lambda self: self._fault is not None)
    @rule(via=servers)
    def inject_fault(self, via: int) -> None:
        """Inject the fault."""
        assert self._fault is not None
        self._steps.append(f"server {via}: {self._fault}")
        self._deployment.inject_fault(self._fault, via)
        for watch in self._watches:
            self._deployment.open_watch(watch, via)
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
            key = via, update.contest_id
            self._acknowledged[key] = max(self._acknowledged[key], answer.position.revision)

    def _last_steps(self) -> str:
        """Return the last steps, because a difference that depends on timing can't be repeated."""
        return "\n".join(["the last steps:", *self._steps[-STEPS_SHOWN:]])

    def _position(self, contest_id: str, wanted: Wanted) -> Position | None:
        present = self._model.position(contest_id)
        match wanted:
            case Wanted.NOTHING:
                return None
            case Wanted.BEGINNING:
                return Position(0, 0)
            case Wanted.FIRST:
                return Position(present.history, min(1, present.revision))
            case Wanted.PRESENT:
                return present
            case Wanted.NEXT:
                return Position(1, present.revision + 1)
            case Wanted.FOREIGN:
                return Position(2, max(1, present.revision))


def _order(answer: Result | Rejection) -> tuple[int, int, bool]:
    if isinstance(answer, Rejection):
        return 2, 0, False
    return int(answer.replayed), answer.position.revision, not answer.applied
