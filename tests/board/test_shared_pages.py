"""Pages of one turn of the loop: calls with the same request share one."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.stores import StoreProcess
from harness.uncounted import board_instruments, error_counts
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.board.boards import DEPTH
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.domain.errors import InvalidRequest
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.transport.listener import Listener
from leaderboard_server.transport.methods import Methods

CONTEST = "cup"
FIRST = pb.GetTopUsersRequest(contest_id=CONTEST).SerializeToString()
LATER = pb.GetTopUsersRequest(contest_id=CONTEST, start_rank=DEPTH + 1).SerializeToString()
LAST = pb.GetTopUsersRequest(contest_id=CONTEST, start_rank=2 * DEPTH).SerializeToString()
INVALID = pb.GetTopUsersRequest(contest_id="").SerializeToString()


class AnsweringListener:
    """Keeps the answers of calls; see `listener.Listener`."""

    def __init__(self) -> None:
        self.open: set[int] = set()
        self.answers: dict[int, bytes | Exception] = {}
        self.cached: list[bytes] = []
        self.changed = asyncio.Event()

    def is_open(self, call: int) -> bool:
        """See `listener.Listener`."""
        return call in self.open

    def answer(self, call: int, response: bytes) -> None:
        """See `listener.Listener`."""
        self._end(call, response)

    def fail(self, call: int, error: Exception) -> None:
        """See `listener.Listener`."""
        self._end(call, error)

    def put_response(self, _path: str, request: bytes, _contest_id: str, _response: bytes) -> None:
        """See `listener.Listener`."""
        self.cached.append(request)

    def _end(self, call: int, answer: bytes | Exception) -> None:
        if call in self.open:
            self.open.remove(call)
            self.answers[call] = answer
            self.changed.set()


class Reader:
    """Reads boards of a server, many in one turn of the loop."""

    def __init__(self, node: Node) -> None:
        self.listener = AnsweringListener()
        self._numbers = itertools.count()
        service = LeaderboardService(
            node.committer,
            node.boards,
            Ranks(node.store, board_instruments()),
            node.seasons,
            node.watchers,
            node.store.shard_of,
        )
        methods = Methods(service, cast("Listener", self.listener), error_counts())
        self._get_top_users = methods.batched["GetTopUsers"]

    def start(self, requests: Sequence[bytes]) -> list[int]:
        """Hand over one call for each request, and return their numbers."""
        calls = [(next(self._numbers), request) for request in requests]
        self.listener.open.update(call for call, _ in calls)
        self._get_top_users(calls)
        return [call for call, _ in calls]

    async def read(self, requests: Sequence[bytes]) -> list[bytes | Exception]:
        """Return the answers to requests of one turn of the loop."""
        calls = self.start(requests)
        while self.listener.open:
            self.listener.changed.clear()
            await self.listener.changed.wait()
        return [self.listener.answers[call] for call in calls]


async def scripts_run(redis: Redis) -> int:
    """Return how many scripts the store has run."""
    stats = await redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))


@pytest_asyncio.fixture(name="node")
async def _node(store: StoreProcess) -> AsyncIterator[Node]:
    """Yield a server with a contest of one user."""
    async with running_node(store.url) as node:
        await node.add(CONTEST, "ada")
        yield node


@pytest.mark.usefixtures("never_compared")
async def test_a_page_is_read_once_for_the_calls_of_a_turn(node: Node, redis: Redis) -> None:
    """The store is asked once for all calls of a turn that want the same ranks."""
    reader = Reader(node)
    await reader.read([LATER])
    before = await scripts_run(redis)
    (answer, *others) = await reader.read([LATER] * 50)
    assert await scripts_run(redis) == before + 1
    assert isinstance(answer, bytes)
    assert others == [answer] * 49


async def test_a_response_is_cached_once_for_the_calls_of_a_turn(node: Node) -> None:
    """Calls of a turn with the same request get one response, which is cached once."""
    reader = Reader(node)
    await reader.read([FIRST])
    reader.listener.cached.clear()
    answers = await reader.read([FIRST] * 50)
    assert reader.listener.cached == [FIRST]
    assert len(set(map(id, answers))) == 1


async def test_each_request_of_a_turn_has_its_own_answer(node: Node) -> None:
    """Calls of a turn with other requests get their own pages, and invalid ones their errors."""
    first, invalid, later, again = await Reader(node).read([FIRST, INVALID, LATER, FIRST])
    assert isinstance(first, bytes)
    assert isinstance(later, bytes)
    assert [user.user_id for user in pb.GetTopUsersResponse.FromString(first).users] == ["ada"]
    assert not pb.GetTopUsersResponse.FromString(later).users
    assert isinstance(invalid, InvalidRequest)
    assert again == first


@pytest.mark.usefixtures("never_compared")
async def test_a_page_that_nobody_waits_for_is_not_read(node: Node, redis: Redis) -> None:
    """Calls that are all over before it is their turn cost the store nothing."""
    reader = Reader(node)
    await reader.read([LATER])
    before = await scripts_run(redis)
    reader.start([LATER] * 3)
    reader.listener.open.clear()
    await reader.read([LAST])  # its turn comes after theirs
    assert await scripts_run(redis) == before + 1
