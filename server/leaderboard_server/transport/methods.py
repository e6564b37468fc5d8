"""What every listener serves: methods that take the bytes of a request and give those of answers.

This is the whole seam between listeners and the service. A method is: check, call, encode.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.errors import WatcherStalled
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.transport import answers, requests
from leaderboard_server.transport.statuses import MalformedRequest, MessageTooLarge

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["LeaderboardService"].full_name
MAX_REQUEST_BYTES = 2**20
"""A batch of 1,000 updates with every field at its longest fits."""

UnaryMethod = Callable[[bytes], Awaitable[bytes]]
"""Answers a request. Raises `LeaderboardError` to refuse it."""

Send = Callable[[bytes], Awaitable[None]]
"""Sends one message. Raises TimeoutError when the receiver took nothing for the write timeout."""

StreamMethod = Callable[[bytes, Send], Awaitable[None]]
"""Sends messages until the stream ends. Raises `LeaderboardError` to end it with a status."""

Request = TypeVar("Request", bound=Message)


class Methods:
    """The methods of `LeaderboardService`, by name. Lives as long as the service."""

    def __init__(self, service: LeaderboardService) -> None:
        self._service = service
        self.unary: Mapping[str, UnaryMethod] = {
            "UpdateScore": self._update_score,
            "BatchUpdateScores": self._batch_update_scores,
            "GetTopUsers": self._get_top_users,
            "GetUserRank": self._get_user_rank,
        }
        self.stream: Mapping[str, StreamMethod] = {"WatchContest": self._watch_contest}

    async def _update_score(self, data: bytes) -> bytes:
        update = requests.score_update(_parse(pb.UpdateScoreRequest, data))
        result = await self._service.update(update)
        return answers.update_result(result).SerializeToString()

    async def _batch_update_scores(self, data: bytes) -> bytes:
        updates = requests.batch(_parse(pb.BatchUpdateScoresRequest, data))
        outcomes = await self._service.update_batch(updates)
        return answers.batch_results(outcomes).SerializeToString()

    async def _get_top_users(self, data: bytes) -> bytes:
        query = requests.top_query(_parse(pb.GetTopUsersRequest, data))
        page = await self._service.top(*query)
        return answers.page(page).SerializeToString()

    async def _get_user_rank(self, data: bytes) -> bytes:
        query = requests.rank_query(_parse(pb.GetUserRankRequest, data))
        standing = await self._service.rank(*query)
        return answers.standing(standing).SerializeToString()

    async def _watch_contest(self, data: bytes, send: Send) -> None:
        request = requests.watch_request(_parse(pb.WatchContestRequest, data))
        async with contextlib.aclosing(self._service.watch(request)) as messages:
            async for message in messages:
                try:
                    await send(answers.watch_message(message))
                except TimeoutError as error:
                    raise WatcherStalled(request.contest_id, message.position) from error


def _parse(kind: type[Request], data: bytes) -> Request:
    if len(data) > MAX_REQUEST_BYTES:
        raise MessageTooLarge(MAX_REQUEST_BYTES)
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise MalformedRequest(kind.DESCRIPTOR.full_name) from error
