"""Runs operations of its standard input on the Python client: one JSON object per line."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from driver_contests import ContestOperations
from driver_json import (
    Json,
    error_json,
    failure_json,
    min_position_of,
    position_json,
    present,
    result_json,
    update_of,
    user_json,
    watch_update_json,
)
from leaderboard_client import (
    AsyncLeaderboardClient,
    Cancelled,
    LeaderboardError,
    ScoreUpdate,
    WatchScope,
    WatchState,
)

_STORM_TIMEOUT_S = 60.0

_END_REASONS = {
    WatchState.OVER: "CONTEST_OVER",
    WatchState.DELETED: "CONTEST_DELETED",
}


class Driver:
    """Runs any number of operations at once, and writes the result of each with its id."""

    def __init__(self, client: AsyncLeaderboardClient) -> None:
        self._client = client
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._operations: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "update": self._update,
            "batch": self._batch,
            "top": self._top,
            "rank": self._rank,
            "user_ranks": self._user_ranks,
            "score_rank": self._score_rank,
            "storm": self._storm,
            "buffer": self._buffer,
            "watch": self._watch,
            "cancel": self._cancel,
            **ContestOperations(client).by_name,
        }

    async def run(self) -> None:
        """Run the operations of the standard input until `close`, or its end."""
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            request = json.loads(line)
            if request["op"] == "close":
                await self._client.close()
                # Each operation ends by itself, and writes its error.
                await asyncio.gather(*self._tasks.values())
                _write({"id": request["id"], "ok": {}})
                return
            self._tasks[request["id"]] = asyncio.create_task(self._answer(request))

    async def _answer(self, request: Json) -> None:
        number = request["id"]
        args = {**request.get("args", {}), "id": number, "timeout": request.get("timeout_s")}
        try:
            _write({"id": number, "ok": await self._operations[request["op"]](args)})
        except asyncio.CancelledError:
            _write({"id": number, "error": error_json(Cancelled("cancelled by its caller"))})
        except Exception as error:  # noqa: BLE001 (the other side waits for a result)
            _write({"id": number, "error": failure_json(error)})
        finally:
            self._tasks.pop(number, None)

    async def _update(self, args: Json) -> Json:
        update = update_of(args)
        result = await self._client.update_score(
            update.contest_id,
            update.user_id,
            update.points,
            mode=update.mode,
            request_id=update.request_id,
            event_type=update.event_type,
            event_time=update.event_time,
            display_name=update.display_name,
            attributes=update.attributes,
            clear_display_name=update.clear_display_name,
            season=update.season,
            timeout=args["timeout"],
        )
        return result_json(result)

    async def _batch(self, args: Json) -> Json:
        outcomes = await self._client.batch_update_scores(
            map(update_of, args["updates"]), timeout=args["timeout"]
        )
        return {
            "results": [
                {"error": error_json(outcome)}
                if isinstance(outcome, LeaderboardError)
                else {"ok": result_json(outcome)}
                for outcome in outcomes
            ]
        }

    async def _top(self, args: Json) -> Json:
        board = await self._client.get_top_users(
            args["contest_id"],
            min_position=min_position_of(args),
            **present(args, "limit", "start_rank", "season", "timeout"),
        )
        return {
            "users": list(map(user_json, board.users)),
            "total_users": board.total_users,
            "position": position_json(board.position),
        }

    async def _rank(self, args: Json) -> Json:
        rank = await self._client.get_user_rank(
            args["contest_id"],
            args["user_id"],
            min_position=min_position_of(args),
            **present(args, "neighbors", "around", "season", "timeout"),
        )
        return {
            "user": user_json(rank.user),
            "neighbors": list(map(user_json, rank.neighbors)),
            "around": list(map(user_json, rank.around)),
            "total_users": rank.total_users,
            "percentile": rank.percentile,
            "position": position_json(rank.position),
        }

    async def _user_ranks(self, args: Json) -> Json:
        ranks = await self._client.batch_get_user_ranks(
            args["contest_id"],
            args["user_ids"],
            min_position=min_position_of(args),
            **present(args, "season", "timeout"),
        )
        return {
            "users": list(map(user_json, ranks.users)),
            "missing_user_ids": list(ranks.missing_user_ids),
            "total_users": ranks.total_users,
            "position": position_json(ranks.position),
        }

    async def _score_rank(self, args: Json) -> Json:
        rank = await self._client.get_score_rank(
            args["contest_id"],
            args["score"],
            min_position=min_position_of(args),
            **present(args, "around", "season", "timeout"),
        )
        return {
            "rank": rank.rank,
            "place": rank.place,
            "around": list(map(user_json, rank.around)),
            "total_users": rank.total_users,
            "position": position_json(rank.position),
        }

    async def _storm(self, args: Json) -> Json:
        users, numbers, replayed = args["users"], iter(range(args["count"])), 0

        async def work() -> None:
            nonlocal replayed
            for number in numbers:
                result = await self._client.update_score(
                    args["contest_id"],
                    users[number % len(users)],
                    args["points"],
                    timeout=_STORM_TIMEOUT_S,
                )
                replayed += result.replayed

        await asyncio.gather(*(work() for _ in range(args["concurrency"])))
        return {"acknowledged": args["count"], "replayed": replayed}

    async def _buffer(self, args: Json) -> Json:
        users, season = args["users"], present(args, "season")
        async with self._client.score_buffer() as buffer:
            for number in range(args["count"]):
                user = users[number % len(users)]
                await buffer.add(ScoreUpdate(args["contest_id"], user, args["points"], **season))
        return {"acknowledged": buffer.acknowledged, "refused": buffer.refused}

    async def _watch(self, args: Json) -> Json:
        watch = self._client.watch(
            args["contest_id"],
            scope=WatchScope[args.get("scope", "TOP")],
            min_interval=args.get("min_interval_s", 0.0),
            **present(args, "limit", "user_ids"),
        )
        reason = None
        async with aclosing(watch) as updates:
            async for update in updates:
                _write({"id": args["id"], "update": watch_update_json(update)})
                reason = _END_REASONS.get(update.state)
        return {"end_reason": reason}

    async def _cancel(self, args: Json) -> Json:
        task = self._tasks.get(args["target"])
        if task is not None:
            task.cancel()
        return {}


def _write(answer: Json) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Run a driver of the server that the first argument names."""
    async with AsyncLeaderboardClient(sys.argv[1]) as client:
        await Driver(client).run()


if __name__ == "__main__":
    asyncio.run(main())
