"""The calls that remove, hide and erase users, as a synchronous client makes them."""

from collections.abc import Iterable, Iterator

from leaderboard_client import moderation_calls
from leaderboard_client.caller import Caller
from leaderboard_client.moderation import ErasedPart, HiddenUser, UsersChanged
from leaderboard_client.pages import DEFAULT_PAGE_SIZE, read_pages


class ModerationMethods:
    """Removes, hides and erases users."""

    _caller: Caller

    def remove_users(
        self, contest_id: str, user_ids: Iterable[str], *, timeout: float | None = None
    ) -> UsersChanged:
        """Remove users from a contest, with their scores, names and attributes, in one step.

        A later write begins such a user again; a hidden user stays hidden. The commit log keeps
        earlier changes of these users for a while, and seasons that are over keep their rows:
        `erase_user` removes those too.

        Args:
            contest_id: The contest; one that does not exist is no error.

            user_ids: The users, up to 1,000, each once. Those without a score are no error.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed.
        """
        return self._caller.make(moderation_calls.remove_users(contest_id, user_ids), timeout)

    def hide_users(
        self, contest_id: str, user_ids: Iterable[str], *, timeout: float | None = None
    ) -> UsersChanged:
        """Hide users of a contest in one step: their rows leave the board, their writes count on.

        Their updates are answered with the rank and the place 0. A user without a score is hidden
        too, for when it gets one. They stay hidden in later seasons; seasons that are over do not
        change.

        Args:
            contest_id: The contest; in one that does not exist nothing is hidden.

            user_ids: The users, up to 1,000, each once.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed.
        """
        return self._caller.make(moderation_calls.hide_users(contest_id, user_ids), timeout)

    def unhide_users(
        self, contest_id: str, user_ids: Iterable[str], *, timeout: float | None = None
    ) -> UsersChanged:
        """End the hiding of users in one step: each row returns, as if it had never been hidden.

        Args:
            contest_id: The contest; one that does not exist is no error.

            user_ids: The users, up to 1,000, each once. Those that are not hidden are no error.

            timeout: The seconds that the call may take.

        Raises:
            LeaderboardError: It failed.
        """
        return self._caller.make(moderation_calls.unhide_users(contest_id, user_ids), timeout)

    def list_hidden_users(
        self,
        contest_id: str,
        *,
        page_size: int = DEFAULT_PAGE_SIZE,
        timeout: float | None = None,
    ) -> Iterator[HiddenUser]:
        """Iterate over the hidden users of a contest, in no particular order.

        They are read page by page. A user that is hidden or not hidden any more meanwhile may be
        missing, or come twice.

        Args:
            contest_id: The contest; one that does not exist has none.

            page_size: The number of users that are read at once, up to 1,000.

            timeout: The seconds that each page may take.

        Raises:
            LeaderboardError: From the iteration: a page could not be read.
        """
        first = moderation_calls.list_hidden_users(contest_id, page_size)
        return read_pages(self._caller, first, timeout)

    def erase_user(
        self, user_id: str, *, page_token: str = "", timeout: float | None = None
    ) -> Iterator[ErasedPart]:
        """Erase a user from all contests and their seasons, with everything that names it.

        Each step of the iteration erases it from a part of them, and the user is erased once the
        iteration has ended. It can be repeated, and begun again at any time. A later write begins
        the user again.

        Args:
            user_id: The user.

            page_token: The `next_page_token` of the last part of an iteration that was
                interrupted. Default: begin with the first part.

            timeout: The seconds that each part may take.

        Raises:
            LeaderboardError: From the iteration: a part failed.
        """
        return read_pages(self._caller, moderation_calls.erase_user(user_id, page_token), timeout)
