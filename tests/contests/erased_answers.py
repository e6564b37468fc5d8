"""Reads, watches and repeated writes after an erasure, whose answers have nothing of the user."""

import itertools
import time
from collections.abc import AsyncIterator, Mapping

import grpc
import pytest
from google.protobuf.message import Message

from contests.erased_user import ATTRIBUTE, ERASED, NAME, OTHERS, RULES, first_updates
from contests.two_servers import DEADLINE_S
from harness.service import ServiceProcess
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

ALL = (*RULES, *OTHERS)
TEXTS = (ERASED, NAME, ATTRIBUTE)
USERS = ("ada", "bo", "cyd")
SCOPES = (pb.WATCH_SCOPE_TOP, pb.WATCH_SCOPE_ALL, pb.WATCH_SCOPE_USERS)


def assert_nothing_of_it(answer: Message) -> None:
    """Check all bytes of an answer."""
    content = answer.SerializeToString()
    for text in TEXTS:
        assert text.encode() not in content, f"{text} in {type(answer).__name__}: {answer}"


def watch_request(contest_id: str, scope: pb.WatchScope) -> pb.WatchContestRequest:
    """Return a request to watch; the scope USERS has the user."""
    users = (ERASED, *USERS) if scope == pb.WATCH_SCOPE_USERS else ()
    return pb.WatchContestRequest(contest_id=contest_id, scope=scope, limit=100, user_ids=users)


class Reader:
    """A reader of all contests through one server.

    Attributes:
        answers: How many answers were checked.
    """

    def __init__(self, server: ServiceProcess) -> None:
        self.answers = 0
        self._server = server

    async def warm(self) -> None:
        """Read everything once, so that the server caches it."""
        for contest_id in ALL:
            async for _ in self._read(contest_id):
                pass

    async def check_until(
        self, end: float, before: Mapping[str, pb.Position], erased_at: Mapping[str, pb.Position]
    ) -> None:
        """Read, and resume watches from `before` and from the erasure, up to a time; check all."""
        for number in itertools.count():
            for contest_id in ALL:
                async for answer in self._read(contest_id):
                    self._check(answer)
                await self._look_up(contest_id)
            for contest_id, last in before.items():
                earlier = pb.Position(epoch=last.epoch, revision=number % last.revision + 1)
                scope = SCOPES[number % len(SCOPES)]
                first = await self._resume(contest_id, earlier, scope)
                assert first.snapshot.reason == pb.SNAPSHOT_REASON_HISTORY_TRIMMED
                first = await self._resume(contest_id, erased_at[contest_id], scope)
                assert not first.HasField("snapshot")
                await self._repeat(contest_id)
            if time.monotonic() > end:
                return

    def _check(self, answer: Message) -> None:
        assert_nothing_of_it(answer)
        self.answers += 1

    async def _read(self, contest_id: str) -> AsyncIterator[Message]:
        """Yield what reads return that do not name the user."""
        stub, service = self._server.stub, self._server.contests
        for limit, start in ((3, 0), (1_000, 0), (10, 2)):
            request = pb.GetTopUsersRequest(contest_id=contest_id, limit=limit, start_rank=start)
            yield await stub.GetTopUsers(request, timeout=DEADLINE_S)
        for neighbors, around in ((0, 0), (5, 11)):
            yield await stub.GetUserRank(
                pb.GetUserRankRequest(
                    contest_id=contest_id, user_id="ada", neighbors=neighbors, around=around
                ),
                timeout=DEADLINE_S,
            )
        friends = pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=["ada", "bo"])
        yield await stub.BatchGetUserRanks(friends, timeout=DEADLINE_S)
        score = pb.GetScoreRankRequest(contest_id=contest_id, score=4, around=11)
        yield await stub.GetScoreRank(score, timeout=DEADLINE_S)
        hidden = contests.ListHiddenUsersRequest(contest_id=contest_id)
        yield await service.ListHiddenUsers(hidden, timeout=DEADLINE_S)
        one = contests.GetContestRequest(contest_id=contest_id)
        yield await service.GetContest(one, timeout=DEADLINE_S)
        yield await service.ListContests(contests.ListContestsRequest(), timeout=DEADLINE_S)
        for scope in SCOPES:
            stream = stub.WatchContest(watch_request(contest_id, scope))
            yield await stream.read()
            stream.cancel()

    async def _look_up(self, contest_id: str) -> None:
        """Ask for the user by its id, which the answers name for that reason alone."""
        several = pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=["ada", ERASED, "bo"])
        ranks = await self._server.stub.BatchGetUserRanks(several, timeout=DEADLINE_S)
        assert list(ranks.missing_user_ids) == [ERASED]
        ranks.ClearField("missing_user_ids")
        self._check(ranks)
        one = pb.GetUserRankRequest(contest_id=contest_id, user_id=ERASED, around=11)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self._server.stub.GetUserRank(one, timeout=DEADLINE_S)
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND
        said = f"{refused.value.details()} {refused.value.trailing_metadata()}"
        assert NAME not in said
        assert ATTRIBUTE not in said

    async def _resume(
        self, contest_id: str, position: pb.Position, scope: pb.WatchScope
    ) -> pb.WatchContestResponse:
        """Resume a watch, and return its first message."""
        request = watch_request(contest_id, scope)
        request.resume_after.CopyFrom(position)
        stream = self._server.stub.WatchContest(request)
        message: pb.WatchContestResponse = await stream.read()
        self._check(message)
        stream.cancel()
        return message

    async def _repeat(self, contest_id: str) -> None:
        """Send the writes of before again; the answer to that of the user has the id it names."""
        batch = pb.BatchUpdateScoresRequest(updates=first_updates(contest_id, "one"))
        for result in (
            await self._server.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)
        ).results:
            assert result.response.replayed
            if result.response.user.user_id == ERASED:
                result.response.user.user_id = ""
            self._check(result)
