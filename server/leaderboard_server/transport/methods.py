"""The methods of the service: they take the bytes of a request and give those of responses.

A method is: check, call, encode.
"""

import asyncio
from collections.abc import Awaitable, Mapping

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.errors import WatcherStalled
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import WatchMessage
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.transport import requests, responses
from leaderboard_server.transport.listener import Stream, StreamMethod, UnaryMethod
from leaderboard_server.transport.parsing import parse
from leaderboard_server.transport.response_cache import ResponseCache
from leaderboard_server.transport.statuses import Overloaded

ENCODED_AT_ONCE = 100
"""How many results of a batch are encoded before others get their turn: some 5 ms at worst."""
MAX_BATCHED = 20_000
"""How many updates of batches may be under way: about a second of the store, and 20 MB."""
SERVICE_NAME = pb.DESCRIPTOR.services_by_name["LeaderboardService"].full_name


class Methods:
    """The methods of `LeaderboardService`, by name. Lives as long as the service."""

    def __init__(self, service: LeaderboardService, ready: ResponseCache) -> None:
        self._service = service
        self._ready = ready
        self._batched = 0
        """How many updates of batches callers wait for."""
        self.unary: Mapping[str, UnaryMethod] = {
            "UpdateScore": self._update_score,
            "BatchUpdateScores": self._batch_update_scores,
            "GetTopUsers": self._get_top_users,
            "GetUserRank": self._get_user_rank,
        }
        self.stream: Mapping[str, StreamMethod] = {"WatchContest": self._watch_contest}

    def _update_score(self, data: bytes) -> Awaitable[bytes]:
        update = requests.score_update(parse(pb.UpdateScoreRequest, data))
        return self._service.update(update, responses.update_result)

    async def _batch_update_scores(self, data: bytes) -> bytes:
        # Those of callers who went away are still under way, and those of the callers who are here
        # may not be yet.
        if max(self._batched, self._service.updates_under_way) >= MAX_BATCHED:
            raise Overloaded("updates")  # before the work of reading them
        updates = requests.batch(parse(pb.BatchUpdateScoresRequest, data))
        self._batched += len(updates)
        try:
            outcomes = await self._service.update_batch(updates)
            response = pb.BatchUpdateScoresResponse()
            for first in range(0, len(outcomes), ENCODED_AT_ONCE):
                responses.add_results(response, outcomes[first : first + ENCODED_AT_ONCE])
                await asyncio.sleep(0)
        finally:
            self._batched -= len(updates)
        return response.SerializeToString()

    async def _get_top_users(self, data: bytes) -> bytes:
        query = requests.top_query(parse(pb.GetTopUsersRequest, data))
        if page := self._service.top_now(*query):
            answer = responses.page(page)
            self._ready.put(f"/{SERVICE_NAME}/GetTopUsers", data, query.contest_id, answer)
            return answer
        return responses.page(await self._service.top(*query))

    def _get_user_rank(self, data: bytes) -> Awaitable[bytes]:
        query = requests.rank_query(parse(pb.GetUserRankRequest, data))
        return self._service.rank(*query, responses.standing)

    async def _watch_contest(self, data: bytes, stream: Stream) -> None:
        request = requests.watch_request(parse(pb.WatchContestRequest, data))
        await self._service.watch(request, _WatchSink(request.contest_id, stream))


class _WatchSink:
    """One watcher's stream; see `watch.sink.WatchSink`."""

    def __init__(self, contest_id: str, stream: Stream) -> None:
        self._contest_id = contest_id
        self._stream = stream
        self._epoch = ""
        self.close = stream.close

    async def send(self, message: WatchMessage) -> None:
        self._epoch = message.position.epoch
        try:
            await self._stream(responses.watch_message(message))
        except TimeoutError as error:
            raise WatcherStalled(self._contest_id, message.position) from error

    async def follow(self, channel: str, revision: int) -> int:
        try:
            return await self._stream.follow(channel, revision)
        except TimeoutError as error:
            raise WatcherStalled(self._contest_id, Position(self._epoch, revision)) from error

    def publish(self, channel: str, message: WatchMessage) -> None:
        self._stream.publish(channel, responses.watch_message(message), message.position.revision)
