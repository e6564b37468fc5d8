"""Runs operations of its standard input on the Python client: one JSON object per line."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

from google.protobuf.json_format import MessageToDict

from leaderboard_client import (
    AsyncLeaderboardClient,
    Cancelled,
    LeaderboardError,
    Position,
    RankedUser,
    ScoreChange,
    ScoreUpdate,
    UpdateMode,
    UpdateResult,
    WatchScope,
    WatchUpdate,
)

Json: TypeAlias = dict[str, Any]

_STORM_TIMEOUT_S = 60.0


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
            "storm": self._storm,
            "buffer": self._buffer,
            "watch": self._watch,
            "cancel": self._cancel,
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
            _write({"id": number, "error": _error(Cancelled("cancelled by its caller"))})
        except Exception as error:  # noqa: BLE001 (the other side waits for a result)
            _write({"id": number, "error": _failure(error)})
        finally:
            self._tasks.pop(number, None)

    async def _update(self, args: Json) -> Json:
        update = _update(args)
        result = await self._client.update_score(
            update.contest_id,
            update.user_id,
            update.points,
            mode=update.mode,
            request_id=update.request_id,
            event_type=update.event_type,
            event_time=update.event_time,
            display_name=update.display_name,
            timeout=args["timeout"],
        )
        return _result(result)

    async def _batch(self, args: Json) -> Json:
        outcomes = await self._client.batch_update_scores(
            map(_update, args["updates"]), timeout=args["timeout"]
        )
        return {
            "results": [
                {"error": _error(outcome)}
                if isinstance(outcome, LeaderboardError)
                else {"ok": _result(outcome)}
                for outcome in outcomes
            ]
        }

    async def _top(self, args: Json) -> Json:
        board = await self._client.get_top_users(
            args["contest_id"],
            min_position=_min_position(args),
            **_present(args, "limit", "start_rank", "timeout"),
        )
        return {
            "users": list(map(_user, board.users)),
            "total_users": board.total_users,
            "position": _position(board.position),
        }

    async def _rank(self, args: Json) -> Json:
        rank = await self._client.get_user_rank(
            args["contest_id"],
            args["user_id"],
            min_position=_min_position(args),
            **_present(args, "neighbors", "timeout"),
        )
        return {
            "user": _user(rank.user),
            "neighbors": list(map(_user, rank.neighbors)),
            "total_users": rank.total_users,
            "percentile": rank.percentile,
            "position": _position(rank.position),
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
        users = args["users"]
        async with self._client.score_buffer() as buffer:
            for number in range(args["count"]):
                user = users[number % len(users)]
                await buffer.add(ScoreUpdate(args["contest_id"], user, args["points"]))
        return {"acknowledged": buffer.acknowledged, "refused": buffer.refused}

    async def _watch(self, args: Json) -> Json:
        watch = self._client.watch(
            args["contest_id"],
            scope=WatchScope[args.get("scope", "TOP")],
            min_interval=args.get("min_interval_s", 0.0),
            **_present(args, "limit", "user_ids"),
        )
        async with aclosing(watch) as updates:
            async for update in updates:
                _write({"id": args["id"], "update": _watch_update(update)})
        return {}

    async def _cancel(self, args: Json) -> Json:
        task = self._tasks.get(args["target"])
        if task is not None:
            task.cancel()
        return {}


def _present(args: Json, *names: str) -> Json:
    return {name: args[name] for name in names if name in args}


def _update(args: Json) -> ScoreUpdate:
    mode = UpdateMode[args.get("mode", "INCREMENT")]
    optional = _present(args, "request_id", "event_type", "event_time", "display_name")
    return ScoreUpdate(args["contest_id"], args["user_id"], args["points"], mode=mode, **optional)


def _min_position(args: Json) -> Position | None:
    request = args.get("min_position")
    return Position(request["epoch"], request["revision"]) if request else None


def _result(result: UpdateResult) -> Json:
    return {
        "user": _user(result.user),
        "previous_score": result.previous_score,
        "previous_rank": result.previous_rank,
        "applied": result.applied,
        "replayed": result.replayed,
        "position": _position(result.position),
    }


def _user(user: RankedUser) -> Json:
    return {
        "user_id": user.user_id,
        "score": user.score,
        "rank": user.rank,
        "display_name": user.display_name,
    }


def _position(position: Position) -> Json:
    return {"epoch": position.epoch, "revision": position.revision}


def _watch_update(update: WatchUpdate) -> Json:
    reason, message, trouble = update.snapshot_reason, update.message, update.trouble
    return {
        "state": update.state.name,
        "rows": [[row.user_id, row.score, row.rank, row.display_name] for row in update.rows],
        "total_users": update.total_users,
        "position": update.position and _position(update.position),
        "changes": list(map(_change, update.changes)),
        "trouble": trouble and _failure(trouble),
        "message": message and MessageToDict(message, preserving_proto_field_name=True),
        "snapshot_reason": None if reason is None else f"SNAPSHOT_REASON_{reason.name}",
    }


def _change(change: ScoreChange) -> Json:
    time = change.event_time
    return {
        "user": _user(change.user),
        "previous_rank": change.previous_rank,
        "points": change.points,
        "event_type": change.event_type,
        "event_time": time and time.isoformat(),
    }


def _failure(error: Exception) -> Json:
    if isinstance(error, LeaderboardError):
        return _error(error)
    return _error(LeaderboardError(f"{type(error).__name__}: {error}"))


def _error(error: LeaderboardError) -> Json:
    kind = type(error)
    return {
        "kind": "Other" if kind is LeaderboardError else kind.__name__,
        "code": error.code,
        "reason": error.reason,
        "metadata": error.metadata,
        "violations": [violation._asdict() for violation in error.violations],
        "retry_after_s": error.retry_after,
        "retryable": error.retryable,
        "message": str(error),
    }


def _write(answer: Json) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Run a driver of the server that the first argument names."""
    async with AsyncLeaderboardClient(sys.argv[1]) as client:
        await Driver(client).run()


if __name__ == "__main__":
    asyncio.run(main())
