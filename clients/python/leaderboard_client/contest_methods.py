"""The calls of `ContestService` that a synchronous client makes."""

from collections.abc import Iterator

from leaderboard_client import contest_calls
from leaderboard_client.caller import Caller
from leaderboard_client.contest import Contest, ContestRules, RuleChanges
from leaderboard_client.pages import DEFAULT_PAGE_SIZE, read_pages


class ContestMethods:
    """Creates, changes and lists contests."""

    _caller: Caller

    def create_contest(
        self,
        contest_id: str,
        *,
        display_name: str = "",
        rules: ContestRules | None = None,
        timeout: float | None = None,
    ) -> Contest:
        """Create a contest; one that exists with the same settings is returned.

        Args:
            contest_id: The contest.

            display_name: Its name for people. Default: none.

            rules: Its rules. Default: those of a contest that begins with a score.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with AlreadyExists: it has other settings.
        """
        return self._caller.make(
            contest_calls.create_contest(contest_id, display_name, rules), timeout
        )

    def get_contest(self, contest_id: str, *, timeout: float | None = None) -> Contest:
        """Read the settings of a contest.

        Raises:
            LeaderboardError: It failed, such as with NotFound.
        """
        return self._caller.make(contest_calls.get_contest(contest_id), timeout)

    def list_contests(
        self,
        *,
        id_prefix: str = "",
        page_size: int = DEFAULT_PAGE_SIZE,
        timeout: float | None = None,
    ) -> Iterator[Contest]:
        """Iterate over all contests in the order of their ids, also those that began with a score.

        They are read page by page. A contest that begins meanwhile may be missing.

        Args:
            id_prefix: The beginning of the ids. Default: all.

            page_size: The number of contests that are read at once, up to 1,000.

            timeout: The seconds that each page may take.

        Raises:
            LeaderboardError: From the iteration: a page could not be read.
        """
        first = contest_calls.list_contests(id_prefix, page_size)
        return read_pages(self._caller, first, timeout)

    def update_contest(
        self,
        contest_id: str,
        *,
        display_name: str | None = None,
        rules: RuleChanges | None = None,
        timeout: float | None = None,
    ) -> Contest:
        """Change settings of a contest; watches get its whole board with CONTEST_UPDATED.

        Args:
            contest_id: The contest.

            display_name: Its name for people; an empty one removes it. Default: it stays.

            rules: The rules to change by their names, such as `{"max_points": 100}`; None as the
                value of a rule is its default. The others stay.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with NotFound, or with FailedPrecondition: a rule
                would reorder a board that has scores.
        """
        return self._caller.make(
            contest_calls.update_contest(contest_id, display_name, rules), timeout
        )
