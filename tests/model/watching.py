"""Watches of random contests and scopes, whose boards are compared with the model."""

import sys
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from leaderboard.v1 import leaderboard_pb2 as pb
from model.deployment import Deployment
from model.inputs import Meant, read_contests, scopes, servers, some_users, watched_limits
from model.records import Position
from model.run import Run
from model.watch import Watch

MOST_WATCHES = 6


class Watching(Run):
    """Watches through either server; a resumed one may change the server."""

    def __init__(self, deployment: Deployment) -> None:
        """Begin without watches."""
        super().__init__(deployment)
        self._watches: list[Watch] = []

    @precondition(lambda self: len(self._watches) < MOST_WATCHES)
    @rule(contest=read_contests, scope=scopes, limit=watched_limits, users=some_users, via=servers)
    def watch(
        self, contest: str, scope: pb.WatchScope, limit: int, users: Sequence[str], via: int
    ) -> None:
        """Watch a contest; the scope ALL with all rows, so that its whole board is known."""
        here = self._contest(contest)
        limit = 1000 if scope == pb.WATCH_SCOPE_ALL else limit
        watched = tuple(users) if scope == pb.WATCH_SCOPE_USERS else ()
        watch = Watch(here, scope, limit, watched, self._deployment.epochs)
        self._steps.append(f"server {via}: {watch}")
        self._watches.append(watch)
        self._deployment.open_watch(watch, self._model, via)

    @precondition(lambda self: self._watches)
    @rule(number=st.integers(0, MOST_WATCHES), via=servers)
    def resume_watch(self, number: int, via: int) -> None:
        """Resume a watch at either server."""
        watch = self._watches[number % len(self._watches)]
        self._steps.append(f"server {via}: resume {watch}")
        self._deployment.open_watch(watch, self._model, via)

    @precondition(lambda self: self._watches)
    @rule()
    def compare_watches(self) -> None:
        """Wait until each watch has the current state, and compare all that it saw."""
        self._compare(self._watches)
        self._deployment.deliver_messages()
        self._messages_lost = False

    @rule(contest=read_contests, history=st.sampled_from(Meant), waits=st.booleans(), via=servers)
    def delete_contest(self, contest: str, history: Meant, *, waits: bool, via: int) -> None:
        """Delete a contest, if it has the history that is meant; wait for the ends of its watches.

        Without the wait it may exist again before its watches end.
        """
        self._name_epochs()
        here = self._contest(contest)
        meant = history.of(self._model.present(here).history)
        watches = [watch for watch in self._watches if watch.contest_id == here]
        if waits:
            self._compare(watches)
        awaited = [watch for watch in watches if waits and not watch.has_ended]
        for watch in awaited:
            self._deployment.await_begin(watch)
        self._server(via).contests.delete_contest(here, meant)
        self._steps.append(f"server {via}: delete {here}, {history}: {meant}")
        if self._model.delete_contest(here, meant):
            self._acknowledge(via, here, Position(0, 0))
            for watch in () if self._messages_lost else awaited:
                self._deployment.await_deletion(watch)

    def _compare(self, watches: Sequence[Watch]) -> None:
        self._name_epochs()
        for watch in watches:
            try:
                self._deployment.await_watch(watch, self._model)
                watch.compare(self._model)
            except (AssertionError, RuntimeError) as difference:
                raise AssertionError(f"{difference}\n{self._last_steps()}") from difference

    def teardown(self) -> None:
        """Compare what the watches saw up to the end, unless the run failed before."""
        try:
            if sys.exc_info()[0] is None:
                self.compare_watches()
        finally:
            for watch in self._watches:
                self._deployment.close_watch(watch)
            self._delete_all()

    def _delete_all(self) -> None:
        """Delete the contests of the run, so that a user can be erased from those of one run."""
        contests = self._server(0).contests
        for contest in contests.contests(f"{self._prefix}-"):
            contests.delete_contest(contest.contest_id, None)

    def _resume_after_kill(self, via: int) -> None:
        """Resume the watches of a server that was killed."""
        for watch in self._watches:
            if watch.via == via:
                self._deployment.open_watch(watch, self._model, via)
