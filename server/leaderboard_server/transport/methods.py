"""The served methods: each checks the request, calls the service and encodes the response."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.errors import InvalidRequest, LeaderboardError
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.service.contests import ContestService
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.transport import queries, requests, responses
from leaderboard_server.transport.contest_methods import CONTEST_SERVICE_NAME, ContestMethods
from leaderboard_server.transport.error_counts import ErrorCounts
from leaderboard_server.transport.health import HEALTH, Health
from leaderboard_server.transport.listener import (
    BatchMethod,
    Responder,
    Services,
    Stream,
    StreamMethod,
    UnaryMethod,
)
from leaderboard_server.transport.parsing import parse
from leaderboard_server.transport.reflection import reflection
from leaderboard_server.transport.statuses import Overloaded
from leaderboard_server.transport.watch_streams import StreamSink

Result = TypeVar("Result")

AT_ONCE = 100
"""Updates of a batch that are checked, or whose results are encoded, before other calls get a turn:
about 2 ms at worst."""
MAX_BATCHED = 20_000
"""Updates of batches in progress: about a second of the store's time, and 20 MB."""
SERVICE_NAME = pb.DESCRIPTOR.services_by_name["LeaderboardService"].full_name
SERVICE_NAMES = (SERVICE_NAME, CONTEST_SERVICE_NAME)


class _Answers(Generic[Result]):
    """Answers the calls of one batch method; a `callbacks.Receiver`."""

    def __init__(
        self, responder: Responder, errors: ErrorCounts, encode: Callable[[Result], bytes]
    ) -> None:
        self.is_open = responder.is_open
        self._answer = responder.answer
        self._fail = responder.fail
        self._errors = errors
        self._encode = encode

    def receive(self, call: int, results: Sequence[Result | LeaderboardError]) -> None:
        """Answer a call with its only result."""
        (result,) = results
        if isinstance(result, LeaderboardError):
            self.fail(call, result)
            return
        try:
            response = self._encode(result)
        except Exception as error:  # noqa: BLE001 - every exception has a status
            self.fail(call, error)
        else:
            self._answer(call, response)

    def fail(self, call: int, error: Exception) -> None:
        """End a call with the status of an error."""
        self._errors.count(error)
        self._fail(call, error)


class _SharedAnswer(Generic[Result]):
    """Answers several calls alike; a `callbacks.Receiver` of one call, whatever its number."""

    def __init__(
        self,
        responder: Responder,
        errors: ErrorCounts,
        calls: Sequence[int],
        encode: Callable[[Result], bytes],
    ) -> None:
        self._responder = responder
        self._errors = errors
        self._calls = calls
        self._encode = encode

    def is_open(self, _call: int) -> bool:
        """Return whether any of the calls still waits for its answer."""
        return any(map(self._responder.is_open, self._calls))

    def receive(self, _call: int, results: Sequence[Result]) -> None:
        """Answer all calls with the only result."""
        (result,) = results
        try:
            response = self._encode(result)
        except Exception as error:  # noqa: BLE001 - every exception has a status
            self.fail(0, error)
            return
        for call in self._calls:
            self._responder.answer(call, response)

    def fail(self, _call: int, error: Exception) -> None:
        """End all calls with the status of an error."""
        self._errors.count(error, len(self._calls))
        for call in self._calls:
            self._responder.fail(call, error)


class Methods:
    """The methods of `LeaderboardService`, by name. Lives as long as the service."""

    def __init__(
        self, service: LeaderboardService, responder: Responder, errors: ErrorCounts
    ) -> None:
        """Call `service`, answer calls through `responder`, and count errors by `errors`."""
        self._service = service
        self._responder = responder
        self._errors = errors
        self._batched = 0
        """Updates of batches that callers wait for."""
        self._updates = _Answers(responder, errors, responses.update_result)
        self._ranks = _Answers(responder, errors, responses.standing)
        self.batched: Mapping[str, BatchMethod] = {
            "UpdateScore": self._update_score,
            "GetUserRank": self._get_user_rank,
            "GetTopUsers": self._get_top_users,
        }
        self.unary: Mapping[str, UnaryMethod] = {
            "BatchUpdateScores": self._batch_update_scores,
            "BatchGetUserRanks": self._batch_get_user_ranks,
            "GetScoreRank": self._get_score_rank,
        }
        self.stream: Mapping[str, StreamMethod] = {"WatchContest": self._watch_contest}

    def _update_score(self, calls: Sequence[tuple[int, bytes]]) -> None:
        for call, data in calls:
            try:
                update = requests.score_update(parse(pb.UpdateScoreRequest, data))
                self._service.update(update, self._updates, call)
            except Exception as error:  # noqa: BLE001 - every exception has a status
                self._updates.fail(call, error)

    def _get_user_rank(self, calls: Sequence[tuple[int, bytes]]) -> None:
        for call, data in calls:
            try:
                query = queries.rank_query(parse(pb.GetUserRankRequest, data))
                self._service.rank(query, self._ranks, call)
            except Exception as error:  # noqa: BLE001 - every exception has a status
                self._ranks.fail(call, error)

    def _get_top_users(self, calls: Sequence[tuple[int, bytes]]) -> None:
        same_request: dict[bytes, list[int]] = {}
        for call, data in calls:
            same_request.setdefault(data, []).append(call)
        for data, readers in same_request.items():
            answers = _SharedAnswer(self._responder, self._errors, readers, responses.page)
            try:
                self._read_top(data, answers)
            except Exception as error:  # noqa: BLE001 - every exception has a status
                answers.fail(0, error)

    def _read_top(self, data: bytes, answers: "_SharedAnswer[Page]") -> None:
        query = queries.top_query(parse(pb.GetTopUsersRequest, data))
        if page := self._service.top_now(query):
            response = responses.page(page)
            self._responder.put_response(_path("GetTopUsers"), data, query.contest_id, response)
            answers.receive(0, (page,))
        else:
            self._service.top(query, answers, 0)

    async def _batch_update_scores(self, data: bytes) -> bytes:
        # The service also counts updates of cancelled callers; this class also counts those of a
        # batch that the service has not started.
        if max(self._batched, self._service.updates_in_progress) >= MAX_BATCHED:
            raise Overloaded("updates")  # before the work of parsing them
        request = parse(pb.BatchUpdateScoresRequest, data)
        size = requests.batch_size(request)
        self._batched += size
        try:
            updates: list[ScoreUpdate | InvalidRequest] = []
            for first in range(0, size, AT_ONCE):
                if first:
                    await asyncio.sleep(0)
                updates += requests.batch(request, first, AT_ONCE)
            outcomes = await self._service.update_batch(updates)
            response = responses.BatchResponse(self._errors.count)
            for first in range(0, size, AT_ONCE):
                response.add(outcomes[first : first + AT_ONCE])
                await asyncio.sleep(0)
        finally:
            self._batched -= size
        return response.encoded()

    async def _batch_get_user_ranks(self, data: bytes) -> bytes:
        query = queries.users_query(parse(pb.BatchGetUserRanksRequest, data))
        return responses.users(await self._service.users(query))

    async def _get_score_rank(self, data: bytes) -> bytes:
        query = queries.score_query(parse(pb.GetScoreRankRequest, data))
        return responses.score_rank(await self._service.score_rank(query))

    async def _watch_contest(self, data: bytes, stream: Stream) -> None:
        request = requests.watch_request(parse(pb.WatchContestRequest, data))
        await self._service.watch(request, StreamSink(request.contest_id, stream))


def _path(method: str) -> str:
    return f"/{SERVICE_NAME}/{method}"


def make_services(
    service: LeaderboardService,
    contest_service: ContestService,
    responder: Responder,
    health: Health,
    errors: ErrorCounts,
    *,
    with_reflection: bool,
) -> Services:
    """Return the methods of both services, of health, and perhaps of reflection."""
    methods = Methods(service, responder, errors)
    contests = ContestMethods(contest_service)
    named = {_path(name): method for name, method in methods.unary.items()} | dict(contests.unary)
    unary = {path: errors.counted(method) for path, method in named.items()}
    stream = {_path(name): errors.counted_stream(each) for name, each in methods.stream.items()}
    bidi = reflection(*SERVICE_NAMES, HEALTH) if with_reflection else {}
    return Services(
        batched={_path(name): method for name, method in methods.batched.items()},
        unary=unary | health.unary,
        stream=stream | health.stream,
        bidi=bidi,
        # Health and reflection have limits of their own, so that they take nothing from watches.
        unlimited=frozenset((*health.unary, *health.stream, *bidi)),
    )
