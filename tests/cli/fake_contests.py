"""The contests of a fake server: kept in memory, as the contract says."""

from collections.abc import Callable
from typing import TypeAlias

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2

from cli.refusals import abort, refusal
from leaderboard.v1 import contests_pb2 as pb
from leaderboard.v1.contests_pb2_grpc import ContestServiceServicer

BeginCall: TypeAlias = Callable[[Message, grpc.ServicerContext], None]
"""Records the request of a call, and may reject it."""


class FakeContests(ContestServiceServicer):
    """Creates, changes and lists contests."""

    def __init__(self, begin_call: BeginCall) -> None:
        self.contests: dict[str, pb.Contest] = {}
        """The contests by their ids."""
        self._begin_call = begin_call

    def CreateContest(  # noqa: N802 (the name of the contract)
        self, request: pb.CreateContestRequest, context: grpc.ServicerContext
    ) -> pb.CreateContestResponse:
        """Create the contest, unless it exists with other settings."""
        self._begin_call(request, context)
        contest = pb.Contest()
        contest.CopyFrom(request.contest)
        contest.position.epoch = "e"
        contest.state = pb.CONTEST_STATE_OPEN
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
            if name.startswith(request.id_prefix) and name > request.page_token
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
        return pb.UpdateContestResponse(contest=contest)

    def _held(self, contest_id: str, context: grpc.ServicerContext) -> pb.Contest:
        """Return a contest, or end the call if there is none."""
        contest = self.contests.get(contest_id)
        if contest is None:
            reason = "ERROR_REASON_CONTEST_NOT_FOUND"
            abort(context, refusal(code_pb2.NOT_FOUND, f"there is no contest {contest_id}", reason))
        return contest
