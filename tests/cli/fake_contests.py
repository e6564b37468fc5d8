"""The contests of a fake server: kept in memory, as the contract says."""

import time
from collections.abc import Callable
from threading import Event
from typing import TypeAlias

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2

from cli.refusals import abort, refusal
from leaderboard.v1 import contests_pb2 as pb
from leaderboard.v1.contests_pb2_grpc import ContestServiceServicer

BeginCall: TypeAlias = Callable[[Message, grpc.ServicerContext], None]
"""Records the request of a call, and may reject it."""


class FakeContests(ContestServiceServicer):
    """Creates, changes, lists, resets and deletes contests; hides and erases users."""

    def __init__(self, begin_call: BeginCall) -> None:
        self.contests: dict[str, pb.Contest] = {}
        """The contests by their ids."""
        self.hidden: dict[str, dict[str, int | None]] = {}
        """The hidden users of each contest with their scores; None for a user without one."""
        self.parts: dict[str, pb.EraseUserResponse] = {}
        """The answers of EraseUser by their page tokens; an empty one for other tokens."""
        self.fail_at: dict[str, status_pb2.Status] = {}
        """The statuses that EraseUser ends with, by page tokens."""
        self.waiting_at: str | None = None
        """The page token at which EraseUser waits for `waiting`."""
        self.waiting = Event()
        self.seasons: dict[str, list[pb.Season]] = {}
        """The seasons of contests that are over, the latest first."""
        self.behind_s = 0.0
        """The seconds by which the clock of the store is behind."""
        self._begin_call = begin_call

    def CreateContest(  # noqa: N802 (the name of the contract)
        self, request: pb.CreateContestRequest, context: grpc.ServicerContext
    ) -> pb.CreateContestResponse:
        """Create the contest, unless it exists with other settings."""
        self._begin_call(request, context)
        contest = pb.Contest()
        contest.CopyFrom(request.contest)
        contest.position.epoch = "e"
        contest.state = self._state(contest)
        contest.season = 1
        contest.created_at.FromJsonString("2026-06-11T20:15:00.25Z")
        held = self.contests.setdefault(contest.contest_id, contest)
        if (held.display_name, held.rules) != (contest.display_name, contest.rules):
            reason = "ERROR_REASON_CONTEST_ALREADY_EXISTS"
            abort(context, refusal(code_pb2.ALREADY_EXISTS, "it has other settings", reason))
        return pb.CreateContestResponse(contest=held)

    def GetContest(  # noqa: N802 (the name of the contract)
        self, request: pb.GetContestRequest, context: grpc.ServicerContext
    ) -> pb.GetContestResponse:
        """Return the contest."""
        self._begin_call(request, context)
        return pb.GetContestResponse(contest=self._held(request.contest_id, context))

    def ListContests(  # noqa: N802 (the name of the contract)
        self, request: pb.ListContestsRequest, context: grpc.ServicerContext
    ) -> pb.ListContestsResponse:
        """Return a page of the contests; the token is the last id of the page before."""
        self._begin_call(request, context)
        size = request.page_size or 100
        due = sorted(
            name
            for name in self.contests
            if name.startswith(request.id_prefix)
            and name > request.page_token
            and request.state in {pb.CONTEST_STATE_UNSPECIFIED, self.contests[name].state}
        )
        page = due[:size]
        return pb.ListContestsResponse(
            contests=[self.contests[name] for name in page],
            next_page_token=page[-1] if len(due) > size else "",
        )

    def UpdateContest(  # noqa: N802 (the name of the contract)
        self, request: pb.UpdateContestRequest, context: grpc.ServicerContext
    ) -> pb.UpdateContestResponse:
        """Change the settings that the mask names."""
        self._begin_call(request, context)
        contest = self._held(request.contest.contest_id, context)
        request.update_mask.MergeMessage(
            request.contest, contest, replace_message_field=True, replace_repeated_field=True
        )
        contest.position.revision += 1
        contest.state = self._state(contest)
        return pb.UpdateContestResponse(contest=contest)

    def ResetContest(  # noqa: N802 (the name of the contract)
        self, request: pb.ResetContestRequest, context: grpc.ServicerContext
    ) -> pb.ResetContestResponse:
        """End the season if it is the current one; a later one is refused."""
        self._begin_call(request, context)
        contest = self._held(request.contest_id, context)
        if request.season > contest.season:
            reason = "ERROR_REASON_SEASON_NOT_CURRENT"
            why = f"season {request.season} has not begun"
            abort(context, refusal(code_pb2.FAILED_PRECONDITION, why, reason))
        if request.season == contest.season:
            ended = pb.Season(
                number=contest.season, total_users=contest.total_users, position=contest.position
            )
            ended.ended_at.FromJsonString("2026-06-12T00:00:00Z")
            self.seasons.setdefault(contest.contest_id, []).insert(0, ended)
            contest.season += 1
            contest.total_users = 0
            contest.position.epoch = f"e_{contest.season}"
        return pb.ResetContestResponse(contest=contest)

    def ListSeasons(  # noqa: N802 (the name of the contract)
        self, request: pb.ListSeasonsRequest, context: grpc.ServicerContext
    ) -> pb.ListSeasonsResponse:
        """Return two seasons; the token is how many came before."""
        self._begin_call(request, context)
        contest = self._held(request.contest_id, context)
        current = pb.Season(number=contest.season, total_users=contest.total_users)
        current.started_at.FromJsonString("2026-06-12T00:00:00Z")
        begin = int(request.page_token or "0")
        found = [current, *self.seasons.get(request.contest_id, [])]
        return pb.ListSeasonsResponse(
            seasons=found[begin : begin + 2],
            next_page_token=str(begin + 2) if len(found) > begin + 2 else "",
        )

    def DeleteContest(  # noqa: N802 (the name of the contract)
        self, request: pb.DeleteContestRequest, context: grpc.ServicerContext
    ) -> pb.DeleteContestResponse:
        """Delete the contest if it has the epoch."""
        self._begin_call(request, context)
        held = self.contests.get(request.contest_id)
        if held and request.epoch in {"", held.position.epoch}:
            del self.contests[request.contest_id]
        return pb.DeleteContestResponse()

    def RemoveUsers(  # noqa: N802 (the name of the contract)
        self, request: pb.RemoveUsersRequest, context: grpc.ServicerContext
    ) -> pb.RemoveUsersResponse:
        """Return that all users had a score, if there is such a contest."""
        self._begin_call(request, context)
        held = self.contests.get(request.contest_id, pb.Contest())
        count = len(request.user_ids) if held.position.epoch else 0
        return pb.RemoveUsersResponse(count=count, position=held.position)

    def HideUsers(  # noqa: N802 (the name of the contract)
        self, request: pb.HideUsersRequest, context: grpc.ServicerContext
    ) -> pb.HideUsersResponse:
        """Hide the users, without scores, if there is such a contest."""
        self._begin_call(request, context)
        held = self.contests.get(request.contest_id)
        if held is None:
            return pb.HideUsersResponse()
        hidden = self.hidden.setdefault(request.contest_id, {})
        new = [user_id for user_id in request.user_ids if user_id not in hidden]
        hidden.update(dict.fromkeys(new))
        return pb.HideUsersResponse(count=len(new), position=held.position)

    def UnhideUsers(  # noqa: N802 (the name of the contract)
        self, request: pb.UnhideUsersRequest, context: grpc.ServicerContext
    ) -> pb.UnhideUsersResponse:
        """End the hiding of the users."""
        self._begin_call(request, context)
        held = self.contests.get(request.contest_id, pb.Contest())
        hidden = self.hidden.get(request.contest_id, {})
        count = sum(hidden.pop(user_id, 0) != 0 for user_id in request.user_ids)
        return pb.UnhideUsersResponse(count=count, position=held.position)

    def ListHiddenUsers(  # noqa: N802 (the name of the contract)
        self, request: pb.ListHiddenUsersRequest, context: grpc.ServicerContext
    ) -> pb.ListHiddenUsersResponse:
        """Return two hidden users; the token is how many came before."""
        self._begin_call(request, context)
        begin = int(request.page_token or "0")
        hidden = list(self.hidden.get(request.contest_id, {}).items())
        page = pb.ListHiddenUsersResponse(
            next_page_token=str(begin + 2) if len(hidden) > begin + 2 else ""
        )
        for user_id, score in hidden[begin : begin + 2]:
            if score is None:
                page.user_ids_without_score.append(user_id)
            else:
                page.users.add(user_id=user_id, score=score)
        return page

    def EraseUser(  # noqa: N802 (the name of the contract)
        self, request: pb.EraseUserRequest, context: grpc.ServicerContext
    ) -> pb.EraseUserResponse:
        """Return the answer for the token, or wait or fail where that is due."""
        self._begin_call(request, context)
        if request.page_token == self.waiting_at and context.add_callback(self.waiting.set):
            self.waiting.wait()
        if request.page_token in self.fail_at:
            abort(context, self.fail_at[request.page_token])
        return self.parts.get(request.page_token, pb.EraseUserResponse())

    def _state(self, contest: pb.Contest) -> pb.ContestState:
        """Return the state of a contest by the clock of the store."""
        now = time.time() - self.behind_s
        if contest.HasField("starts_at") and now < contest.starts_at.ToMilliseconds() / 1000:
            return pb.CONTEST_STATE_SCHEDULED
        if contest.HasField("ends_at") and contest.ends_at.ToMilliseconds() / 1000 <= now:
            return pb.CONTEST_STATE_CLOSED
        return pb.CONTEST_STATE_OPEN

    def _held(self, contest_id: str, context: grpc.ServicerContext) -> pb.Contest:
        """Return a contest, or end the call if there is none."""
        contest = self.contests.get(contest_id)
        if contest is None:
            reason = "ERROR_REASON_CONTEST_NOT_FOUND"
            abort(context, refusal(code_pb2.NOT_FOUND, f"there is no contest {contest_id}", reason))
        return contest
