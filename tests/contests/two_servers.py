"""Two servers on one store, and what tests of contests read of both."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from redis.asyncio import Redis

from harness.cluster_store import Store
from harness.service import ServiceProcess, all_serving
from leaderboard.v1 import contests_pb2 as contests

Answer = TypeVar("Answer")

DEADLINE_S = 30.0
_KEYS_AT_ONCE = 200


@contextlib.asynccontextmanager
async def two_servers(
    store: Store, folder: Path, *options: str
) -> AsyncIterator[list[ServiceProcess]]:
    """Run two servers for a block."""
    servers = [ServiceProcess(folder / str(n), *options, redis_url=store.url) for n in range(2)]
    async with all_serving(*servers):
        yield servers


async def listed(server: ServiceProcess, prefix: str = "") -> list[str]:
    """Return the ids of all contests, page by page."""
    found: list[str] = []
    request = contests.ListContestsRequest(page_size=1_000, id_prefix=prefix)
    while True:
        page = await server.contests.ListContests(request, timeout=DEADLINE_S)
        found += (contest.contest_id for contest in page.contests)
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def keys_of_contests(redis: Redis) -> list[str]:
    """Return the keys of all contests."""
    return [key async for key in redis.scan_iter("leaderboard:contest:*", count=1_000)]


async def everything(redis: Redis) -> AsyncIterator[tuple[str, list[str]]]:
    """Yield every key of the store with all that it holds: values, fields, members and entries."""
    keys = [key async for key in redis.scan_iter(count=1_000)]
    # The client of a cluster takes so long for many commands that a proxy in this process would not
    # get a turn.
    for first in range(0, len(keys), _KEYS_AT_ONCE):
        async for pair in _held_by(redis, keys[first : first + _KEYS_AT_ONCE]):
            yield pair


async def _held_by(redis: Redis, keys: Sequence[str]) -> AsyncIterator[tuple[str, list[str]]]:
    async with redis.pipeline(transaction=False) as pipeline:
        read: dict[str, Callable[[str], object]] = {
            "string": pipeline.get,
            "hash": pipeline.hgetall,
            "zset": lambda key: pipeline.zrange(key, 0, -1, withscores=True),
            "set": pipeline.smembers,
            "list": lambda key: pipeline.lrange(key, 0, -1),
            "stream": pipeline.xrange,
        }
        for key in keys:
            pipeline.type(key)
        for key, kind in zip(keys, await pipeline.execute(), strict=True):
            read[kind](key)
        for key, held in zip(keys, await pipeline.execute(), strict=True):
            yield key, list(_texts(held))


def _texts(held: object) -> Iterable[str]:
    if isinstance(held, dict):
        held = list(held.items())
    if isinstance(held, (list, tuple, set)):
        for part in held:
            yield from _texts(part)
    else:
        yield str(held)


async def refusal(call: Awaitable[Answer]) -> Answer | str:
    """Return the answer of a call, or the reason of the refusal."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        status = rpc_status.from_call(error)
        if status is None:
            raise
        info = error_details_pb2.ErrorInfo()
        for detail in status.details:
            if detail.Unpack(info):
                break
        return str(info.reason).removeprefix("ERROR_REASON_")
