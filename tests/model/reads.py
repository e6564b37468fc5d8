"""Random reads, whose answers are compared with those of the model."""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import rule

from model.inputs import (
    Wanted,
    around,
    read_contests,
    scores,
    servers,
    some_users,
    users,
    wanted,
)
from model.records import (
    Top,
)
from model.run import Run


class Reads(Run):
    """Reads of boards and ranks through either server."""

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
            at = answer.position
            self._check_reached(here, via, at)
            self._acknowledge(via, here, at)
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

    @rule(contest=read_contests, via=servers)
    def read_all(self, contest: str, via: int) -> None:
        """Read the whole current board, and the rank of every user with all neighbors."""
        self.read_top(contest, 1000, 1, Wanted.PRESENT, via)
        for user in self._model.board(self._contest(contest)):
            self.read_rank(contest, user.user_id, 100, 3, Wanted.NOTHING, via)
            self.read_score_rank(contest, user.score, 3, Wanted.NOTHING, via)
