"""The calls of contests that a synchronous client makes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from leaderboard_client import contest_calls
from leaderboard_client.caller import Caller
from leaderboard_client.contest import (
    KEEP,
    Contest,
    ContestRules,
    DurationChange,
    NumberChange,
    RuleChanges,
    ScheduleChange,
    TimeChange,
)
from leaderboard_client.enums import ContestState
from leaderboard_client.pages import DEFAULT_PAGE_SIZE, read_pages
from leaderboard_client.seasons import ResetSchedule, Season


class ContestMethods:
    """Creates, changes, lists, resets and deletes contests."""

    _caller: Caller

    def create_contest(
        self,
        contest_id: str,
        *,
        display_name: str = "",
        rules: ContestRules | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        expire_after: timedelta | None = None,
        reset_schedule: ResetSchedule | None = None,
        keep_seasons: int | None = None,
        timeout: float | None = None,
    ) -> Contest:
        """Create a contest; one that exists with the same settings is returned.

        Args:
            contest_id: The contest.

            display_name: Its name for people. Default: none.

            rules: Its rules. Default: those of a contest that begins with a score.

            starts_at: When it opens, with a time zone, to the millisecond. Default: it is open.

            ends_at: When it closes, after `starts_at`. Default: it does not close.

            expire_after: The time after which it is deleted by itself, from 1 s, from `ends_at` on,
                or from the last write where that is not given. Default: it is kept.

            reset_schedule: When a season ends and the next one begins, with an empty board.
                Default: only `reset_contest` ends a season.

            keep_seasons: How many seasons are kept when they are over, up to 1,000. Default: 10.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with AlreadyExists: it has other settings.
        """
        call = contest_calls.create_contest(
            contest_id,
            display_name,
            rules,
            starts_at,
            ends_at,
            expire_after,
            reset_schedule,
            keep_seasons,
        )
        return self._caller.make(call, timeout)

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
        state: ContestState | None = None,
        page_size: int = DEFAULT_PAGE_SIZE,
        timeout: float | None = None,
    ) -> Iterator[Contest]:
        """Iterate over all contests in the order of their ids, also those that began with a score.

        They are read page by page. A contest that begins meanwhile may be missing.

        Args:
            id_prefix: The beginning of the ids. Default: all.

            state: The state of the contests. Default: any.

            page_size: The number of contests that are read at once, up to 1,000.

            timeout: The seconds that each page may take.

        Raises:
            LeaderboardError: From the iteration: a page could not be read.
        """
        first = contest_calls.list_contests(id_prefix, state, page_size)
        return read_pages(self._caller, first, timeout)

    def update_contest(
        self,
        contest_id: str,
        *,
        display_name: str | None = None,
        rules: RuleChanges | None = None,
        starts_at: TimeChange = KEEP,
        ends_at: TimeChange = KEEP,
        expire_after: DurationChange = KEEP,
        reset_schedule: ScheduleChange = KEEP,
        keep_seasons: NumberChange = KEEP,
        timeout: float | None = None,
    ) -> Contest:
        """Change settings of a contest; watches get its whole board with CONTEST_UPDATED.

        Args:
            contest_id: The contest.

            display_name: Its name for people; an empty one removes it. Default: it stays.

            rules: The rules to change by their names, such as `{"max_points": 100}`; None as the
                value of a rule is its default. The others stay.

            starts_at: When it opens; None for from the beginning. Default: it stays.

            ends_at: When it closes; a later time, or None for never, opens it again after its end.
                Default: it stays.

            expire_after: The time after which it is deleted by itself; None for never. Default: it
                stays.

            reset_schedule: When seasons end; None for no schedule. Default: it stays.

            keep_seasons: How many seasons are kept; None for 10. Default: it stays.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with NotFound, or with FailedPrecondition: a rule
                would reorder a board that has scores.
        """
        call = contest_calls.update_contest(
            contest_id,
            display_name,
            rules,
            starts_at,
            ends_at,
            expire_after,
            reset_schedule,
            keep_seasons,
        )
        return self._caller.make(call, timeout)

    def reset_contest(
        self, contest_id: str, season: int, *, timeout: float | None = None
    ) -> Contest:
        """End a season: its board is kept, and the next season begins with an empty one.

        One that is over already is no error, and nothing changes then.

        Args:
            contest_id: The contest.

            season: The number of the season, which is that of `Contest.season`.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed, such as with NotFound, or with FailedPrecondition: the
                season has not begun.
        """
        return self._caller.make(contest_calls.reset_contest(contest_id, season), timeout)

    def list_seasons(
        self,
        contest_id: str,
        *,
        page_size: int = DEFAULT_PAGE_SIZE,
        timeout: float | None = None,
    ) -> Iterator[Season]:
        """Iterate over the seasons of a contest, the latest first: the current one and kept ones.

        They are read page by page.

        Args:
            contest_id: The contest.

            page_size: The number of seasons that are read at once, up to 1,000.

            timeout: The seconds that each page may take.

        Raises:
            LeaderboardError: From the iteration: a page could not be read, such as with NotFound.
        """
        return read_pages(self._caller, contest_calls.list_seasons(contest_id, page_size), timeout)

    def delete_contest(
        self, contest_id: str, *, epoch: str = "", timeout: float | None = None
    ) -> None:
        """Delete a contest with all its seasons; one that does not exist is no error.

        Its watches end. A write that is sent again after it is a new write, and begins the contest
        again.

        Args:
            contest_id: The contest.

            epoch: The epoch of the contest that is meant, as in a position; one with another epoch,
                also after a new season, is not deleted, which is no error. Default: whatever there
                is.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed.
        """
        self._caller.make(contest_calls.delete_contest(contest_id, epoch), timeout)
