"""Makes the calls of a command, and shows on a terminal that one is waited for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Self, TypeVar

from google.protobuf.message import Message
from rich.text import Text

from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import CallError
from leaderboard_cli.output import console, safe
from leaderboard_cli.target import Target
from leaderboard_client.caller import Caller
from leaderboard_client.calls import Call, check_batch_size
from leaderboard_client.channels import open_channel
from leaderboard_client.errors import LeaderboardError

_CLOSED = "Socket closed"
_SHOW_WAIT_AFTER = 1.0
"""The seconds after which a call that is still waiting is shown."""

AnswerT = TypeVar("AnswerT")


class Connection:
    """The calls of one service, for the time of its command.

    Every call raises CallError when it is rejected, or not answered in time with all its attempts.
    Requests and answers are the messages of the contract, which `--json` prints.
    """

    def __init__(self, target: Target) -> None:
        """Prepare calls of a service; the first one connects."""
        self._target = target
        connect = partial(open_channel, tls=target.tls)
        self._caller = Caller(target.servers, connect, token=target.token, timeout=target.timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._caller.close()

    def update_score(self, request: pb.UpdateScoreRequest) -> pb.UpdateScoreResponse:
        """Send an update that has a `request_id`, so that its repeats count once."""
        return self._call("UpdateScore", request, pb.UpdateScoreResponse)

    def get_top_users(self, request: pb.GetTopUsersRequest) -> pb.GetTopUsersResponse:
        """Read consecutive rows."""
        return self._call("GetTopUsers", request, pb.GetTopUsersResponse)

    def get_user_rank(self, request: pb.GetUserRankRequest) -> pb.GetUserRankResponse:
        """Read one user's rank."""
        return self._call("GetUserRank", request, pb.GetUserRankResponse)

    def batch_get_user_ranks(
        self, request: pb.BatchGetUserRanksRequest
    ) -> pb.BatchGetUserRanksResponse:
        """Read the ranks of several users."""
        return self._call("BatchGetUserRanks", request, pb.BatchGetUserRanksResponse)

    def get_score_rank(self, request: pb.GetScoreRankRequest) -> pb.GetScoreRankResponse:
        """Read the rank of a score."""
        return self._call("GetScoreRank", request, pb.GetScoreRankResponse)

    def create_contest(self, request: contests_pb2.CreateContestRequest) -> contests_pb2.Contest:
        """Create a contest; a repeat returns it."""
        return self._call("CreateContest", request, contests_pb2.CreateContestResponse).contest

    def get_contest(self, request: contests_pb2.GetContestRequest) -> contests_pb2.Contest:
        """Read a contest."""
        return self._call("GetContest", request, contests_pb2.GetContestResponse).contest

    def list_contests(
        self, request: contests_pb2.ListContestsRequest
    ) -> contests_pb2.ListContestsResponse:
        """Read a page of contests."""
        return self._call("ListContests", request, contests_pb2.ListContestsResponse)

    def each_contest(
        self, request: contests_pb2.ListContestsRequest
    ) -> Iterator[contests_pb2.Contest]:
        """Yield all contests from a page on; each page is read when it is due."""
        while True:
            page = self.list_contests(request)
            yield from page.contests
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def update_contest(self, request: contests_pb2.UpdateContestRequest) -> contests_pb2.Contest:
        """Change settings of a contest; a repeat changes nothing more."""
        return self._call("UpdateContest", request, contests_pb2.UpdateContestResponse).contest

    def reset_contest(self, request: contests_pb2.ResetContestRequest) -> contests_pb2.Contest:
        """End a season of a contest; one that is over is no error."""
        return self._call("ResetContest", request, contests_pb2.ResetContestResponse).contest

    def each_season(
        self, request: contests_pb2.ListSeasonsRequest
    ) -> Iterator[contests_pb2.Season]:
        """Yield all seasons of a contest from a page on; each page is read when it is due."""
        while True:
            page = self._call("ListSeasons", request, contests_pb2.ListSeasonsResponse)
            yield from page.seasons
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def delete_contest(self, request: contests_pb2.DeleteContestRequest) -> None:
        """Delete a contest; one that is gone is no error."""
        self._call("DeleteContest", request, contests_pb2.DeleteContestResponse)

    def remove_users(
        self, request: contests_pb2.RemoveUsersRequest
    ) -> contests_pb2.RemoveUsersResponse:
        """Remove users from a contest; a repeat removes nothing more."""
        return self._call("RemoveUsers", request, contests_pb2.RemoveUsersResponse)

    def hide_users(self, request: contests_pb2.HideUsersRequest) -> contests_pb2.HideUsersResponse:
        """Hide users of a contest; a repeat hides nothing more."""
        return self._call("HideUsers", request, contests_pb2.HideUsersResponse)

    def unhide_users(
        self, request: contests_pb2.UnhideUsersRequest
    ) -> contests_pb2.UnhideUsersResponse:
        """End the hiding of users; a repeat changes nothing more."""
        return self._call("UnhideUsers", request, contests_pb2.UnhideUsersResponse)

    def each_hidden_page(
        self, request: contests_pb2.ListHiddenUsersRequest
    ) -> Iterator[contests_pb2.ListHiddenUsersResponse]:
        """Yield the pages of the hidden users of a contest; each is read when it is due."""
        while True:
            page = self._call("ListHiddenUsers", request, contests_pb2.ListHiddenUsersResponse)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def erase_user(self, request: contests_pb2.EraseUserRequest) -> contests_pb2.EraseUserResponse:
        """Erase a user from a part of all contests; a part can be repeated."""
        call: Call[contests_pb2.EraseUserResponse] = Call("EraseUser", request, _same)
        return self._make(call)

    def batch_update_scores(
        self, request: pb.BatchUpdateScoresRequest
    ) -> pb.BatchUpdateScoresResponse:
        """Send updates that have request ids; the caller repeats those that were not accepted."""
        call: Call[pb.BatchUpdateScoresResponse] = Call(
            "BatchUpdateScores", request, partial(check_batch_size, len(request.updates))
        )
        return self._make(call)

    def _call(self, method: str, request: Message, _answer: type[AnswerT]) -> AnswerT:
        """Make a call, and show on a terminal that it is waited for."""
        call: Call[AnswerT] = Call(method, request, _same)
        with show_wait(f"waiting for {self._target.server}"):
            return self._make(call)

    def _make(self, call: Call[AnswerT]) -> AnswerT:
        try:
            return self._caller.make(call, None)
        except LeaderboardError as error:
            failed = self._target.call_error(error)
            if str(failed).endswith(_CLOSED):  # for example by a server that expects TLS
                why = f"{failed}; `leaderboard doctor` finds out why"
                raise CallError(error, why) from None
            raise failed from None


def _same(answer: AnswerT) -> AnswerT:
    return answer


@contextmanager
def show_wait(text: str) -> Iterator[None]:
    """Show a text on a terminal while the block takes longer than a second, and remove it then."""
    status = console(stderr=True).status(Text(safe(text)))

    def begin() -> None:
        status.start()
        # A signal that kills the process meanwhile would leave the terminal without a cursor.
        status.console.show_cursor()

    beginning = threading.Timer(_SHOW_WAIT_AFTER, begin)
    beginning.daemon = True
    beginning.start()
    try:
        yield
    finally:
        beginning.cancel()
        beginning.join()
        status.stop()
