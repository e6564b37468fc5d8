"""The plain peer in Python: grpc.aio, with one redis-py call for each request.

It serves leaderboard.v1 without request ids, fair ties and positions. It reads every board from the
store.
"""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
from redis.asyncio import Redis

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1 import leaderboard_pb2_grpc as rpc

BACKLOG = 256
"""The number of queued messages at which a slow watcher is disconnected."""


def board_key(contest_id: str) -> str:
    """Return the key of the ZSET of a contest: member = user id, score = points."""
    return f"contest:{contest_id}"


def channel_key(contest_id: str) -> str:
    """Return the channel on which changes of a contest are published."""
    return f"updates:{contest_id}"


class Hub:
    """Passes the changes of each contest to its watchers, with one subscription per contest."""

    def __init__(self, store: Redis) -> None:
        self._store = store
        self._queues: dict[str, set[asyncio.Queue[pb.WatchContestResponse | None]]] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}

    @contextlib.asynccontextmanager
    async def joined(
        self, contest_id: str
    ) -> AsyncIterator[asyncio.Queue[pb.WatchContestResponse | None]]:
        """Register a watcher; None in its queue means that it was too slow."""
        queue: asyncio.Queue[pb.WatchContestResponse | None] = asyncio.Queue(BACKLOG + 1)
        queues = self._queues.setdefault(contest_id, set())
        queues.add(queue)
        if contest_id not in self._readers:
            self._readers[contest_id] = asyncio.create_task(self._read(contest_id))
        try:
            yield queue
        finally:
            queues.discard(queue)
            if not queues and contest_id in self._readers:
                self._readers.pop(contest_id).cancel()

    async def _read(self, contest_id: str) -> None:
        async with self._store.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(channel_key(contest_id))
            async for message in pubsub.listen():
                change = pb.ScoreChange.FromString(message["data"])
                response = pb.WatchContestResponse(changes=pb.Changes(changes=[change]))
                for queue in list(self._queues[contest_id]):
                    if queue.qsize() < BACKLOG:
                        queue.put_nowait(response)
                    else:
                        self._queues[contest_id].discard(queue)
                        queue.put_nowait(None)


class Service(rpc.LeaderboardServiceServicer):
    """Answers the calls of leaderboard.v1."""

    def __init__(self, store: Redis) -> None:
        self._store = store
        self._hub = Hub(store)

    async def UpdateScore(self, request: pb.UpdateScoreRequest, context: Any) -> Any:  # noqa: N802
        """Add points and publish the change."""
        score = await self._store.zincrby(
            board_key(request.contest_id), request.points, request.user_id
        )
        user = pb.RankedUser(user_id=request.user_id, score=int(score or 0))
        change = pb.ScoreChange(user=user, points=request.points)
        await self._store.publish(channel_key(request.contest_id), change.SerializeToString())
        return pb.UpdateScoreResponse(
            user=user, previous_score=user.score - request.points, applied=True
        )

    async def BatchUpdateScores(  # noqa: N802
        self, request: pb.BatchUpdateScoresRequest, context: Any
    ) -> Any:
        """Add points of many updates in two pipelines."""
        sums = self._store.pipeline(transaction=False)
        for update in request.updates:
            sums.zincrby(board_key(update.contest_id), update.points, update.user_id)
        notices = self._store.pipeline(transaction=False)
        answer = pb.BatchUpdateScoresResponse()
        for update, score in zip(request.updates, await sums.execute(), strict=True):
            user = pb.RankedUser(user_id=update.user_id, score=int(score))
            response = pb.UpdateScoreResponse(
                user=user, previous_score=user.score - update.points, applied=True
            )
            answer.results.append(pb.BatchUpdateResult(response=response))
            change = pb.ScoreChange(user=user, points=update.points)
            notices.publish(channel_key(update.contest_id), change.SerializeToString())
        await notices.execute()
        return answer

    async def GetTopUsers(self, request: pb.GetTopUsersRequest, context: Any) -> Any:  # noqa: N802
        """Read consecutive ranks."""
        key = board_key(request.contest_id)
        first = max(request.start_rank, 1)
        pipe = self._store.pipeline(transaction=False)
        pipe.zrevrange(key, first - 1, first + (request.limit or 10) - 2, withscores=True)
        pipe.zcard(key)
        rows, total = await pipe.execute()
        users = [
            pb.RankedUser(user_id=user_id.decode(), score=int(score), rank=rank)
            for rank, (user_id, score) in enumerate(rows, first)
        ]
        return pb.GetTopUsersResponse(users=users, total_users=total)

    async def GetUserRank(self, request: pb.GetUserRankRequest, context: Any) -> Any:  # noqa: N802
        """Read one user's rank."""
        key = board_key(request.contest_id)
        pipe = self._store.pipeline(transaction=False)
        pipe.zrevrank(key, request.user_id)
        pipe.zscore(key, request.user_id)
        pipe.zcard(key)
        index, score, total = await pipe.execute()
        if index is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such user")
        others = total - 1
        percentile = 100 * (others - index) / others if others else 100.0
        user = pb.RankedUser(user_id=request.user_id, score=int(score), rank=index + 1)
        return pb.GetUserRankResponse(user=user, total_users=total, percentile=percentile)

    async def WatchContest(  # noqa: N802
        self, request: pb.WatchContestRequest, context: Any
    ) -> AsyncIterator[pb.WatchContestResponse]:
        """Send the board and then every change."""
        async with self._hub.joined(request.contest_id) as queue:
            board = await self.GetTopUsers(
                pb.GetTopUsersRequest(contest_id=request.contest_id, limit=request.limit), context
            )
            yield pb.WatchContestResponse(
                snapshot=pb.Snapshot(users=board.users, total_users=board.total_users)
            )
            while (message := await queue.get()) is not None:
                yield message
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too slow")


async def serve(address: str, redis_socket: str) -> None:
    """Serve until the process ends."""
    server = grpc.aio.server()
    async with Redis(unix_socket_path=redis_socket) as store:
        rpc.add_LeaderboardServiceServicer_to_server(Service(store), server)
        server.add_insecure_port(address)
        await server.start()
        await server.wait_for_termination()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1:50051")
    parser.add_argument("--redis-socket", required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.address, options.redis_socket))
