"""Random removals, hidden and erased users, whose answers are compared with those of the model."""

from collections.abc import Callable, Sequence

from hypothesis.stateful import rule

from model.contest_records import UsersChanged
from model.inputs import LATE, RULES, read_contests, servers, some_users, users
from model.run import Run


class Moderation(Run):
    """Calls that remove, hide and erase users, through either server."""

    @rule(contest=read_contests, users=some_users, via=servers)
    def remove_users(self, contest: str, users: Sequence[str], via: int) -> None:
        """Remove users; those without a score are no error."""
        here = self._contest(contest)
        answer = self._server(via).contests.remove_users(here, users)
        self._compare_changed("remove", here, users, via, answer, self._model.remove_users)

    @rule(contest=read_contests, users=some_users, via=servers)
    def hide_users(self, contest: str, users: Sequence[str], via: int) -> None:
        """Hide users, with and without a score."""
        here = self._contest(contest)
        answer = self._server(via).contests.hide_users(here, users)
        self._compare_changed("hide", here, users, via, answer, self._model.hide_users)

    @rule(contest=read_contests, users=some_users, via=servers)
    def unhide_users(self, contest: str, users: Sequence[str], via: int) -> None:
        """End the hiding of users, of whom some are not hidden."""
        here = self._contest(contest)
        answer = self._server(via).contests.unhide_users(here, users)
        self._compare_changed("unhide", here, users, via, answer, self._model.unhide_users)

    def _compare_changed(
        self,
        step: str,
        contest_id: str,
        users: Sequence[str],
        via: int,
        answer: UsersChanged,
        expected: Callable[[str, Sequence[str]], UsersChanged],
    ) -> None:
        self._steps.append(f"server {via}: {step} {users} of {contest_id} -> {answer}")
        assert answer == expected(contest_id, users), self._last_steps()
        self._acknowledge(via, contest_id, answer.position)

    @rule(contest=read_contests, via=servers)
    def list_hidden_users(self, contest: str, via: int) -> None:
        """List the hidden users of a contest, in pages."""
        here = self._contest(contest)
        answer = self._server(via).contests.hidden_users(here)
        self._steps.append(f"server {via}: hidden users of {here} -> {answer}")
        assert answer == self._model.hidden_users(here), self._last_steps()

    @rule(user=users, via=servers)
    def erase_user(self, user: str, via: int) -> None:
        """Erase a user from all contests, of which only those of this run exist."""
        answer = self._server(via).contests.erase_user(user)
        self._steps.append(f"server {via}: erase {user} -> {answer}")
        assert answer == self._model.erase_user(user), self._last_steps()
        for here in map(self._contest, (*RULES, LATE)):
            for season in self._model.present(here).kept_positions():
                self._kept_from[via, here, season.history] = season.revision
