"""Operations on contests and their users, with the Python client."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from driver_json import Json, contest_json, position_json, present, rules_of, season_json
from leaderboard_client import (
    AsyncLeaderboardClient,
    ContestRules,
    ContestState,
    HiddenUser,
    ResetSchedule,
    UsersChanged,
)


class ContestOperations:
    """The operations that are calls of `ContestService`."""

    def __init__(self, client: AsyncLeaderboardClient) -> None:
        self._client = client
        self.by_name: Mapping[str, Callable[[Json], Awaitable[Json]]] = {
            "create_contest": self._create,
            "get_contest": self._get,
            "update_contest": self._update,
            "list_contests": self._list,
            "reset_contest": self._reset,
            "list_seasons": self._seasons,
            "delete_contest": self._delete,
            "remove_users": self._remove,
            "hide_users": self._hide,
            "unhide_users": self._unhide,
            "hidden_users": self._hidden,
            "erase_user": self._erase,
        }

    async def _create(self, args: Json) -> Json:
        rules = ContestRules(**rules_of(args["rules"])) if "rules" in args else None  # type: ignore[arg-type]
        options = present(args, "display_name", "timeout") | _settings(args)
        return contest_json(
            await self._client.create_contest(args["contest_id"], rules=rules, **options)
        )

    async def _get(self, args: Json) -> Json:
        contest = await self._client.get_contest(args["contest_id"], timeout=args["timeout"])
        return contest_json(contest)

    async def _update(self, args: Json) -> Json:
        rules = rules_of(args["rules"]) if "rules" in args else None
        options = present(args, "display_name", "timeout") | _settings(args)
        return contest_json(
            await self._client.update_contest(args["contest_id"], rules=rules, **options)
        )

    async def _list(self, args: Json) -> Json:
        options = present(args, "id_prefix", "page_size", "timeout")
        if "state" in args:
            options["state"] = ContestState[args["state"]]
        contests = self._client.list_contests(**options)
        return {"contests": [contest_json(contest) async for contest in contests]}

    async def _reset(self, args: Json) -> Json:
        season = args["contest_id"], args["season"]
        return contest_json(await self._client.reset_contest(*season, timeout=args["timeout"]))

    async def _seasons(self, args: Json) -> Json:
        options = present(args, "page_size", "timeout")
        seasons = self._client.list_seasons(args["contest_id"], **options)
        return {"seasons": [season_json(season) async for season in seasons]}

    async def _delete(self, args: Json) -> Json:
        await self._client.delete_contest(args["contest_id"], **present(args, "epoch", "timeout"))
        return {}

    async def _remove(self, args: Json) -> Json:
        users = args["contest_id"], args["user_ids"]
        return _changed(await self._client.remove_users(*users, timeout=args["timeout"]))

    async def _hide(self, args: Json) -> Json:
        users = args["contest_id"], args["user_ids"]
        return _changed(await self._client.hide_users(*users, timeout=args["timeout"]))

    async def _unhide(self, args: Json) -> Json:
        users = args["contest_id"], args["user_ids"]
        return _changed(await self._client.unhide_users(*users, timeout=args["timeout"]))

    async def _hidden(self, args: Json) -> Json:
        options = present(args, "page_size", "timeout")
        users = self._client.list_hidden_users(args["contest_id"], **options)
        by_id = sorted([user async for user in users], key=lambda user: user.user_id)
        return {"users": list(map(_hidden_json, by_id))}

    async def _erase(self, args: Json) -> Json:
        parts = self._client.erase_user(args["user_id"], timeout=args["timeout"])
        return {"contests_changed": sum([part.contests_changed async for part in parts])}


def _settings(args: Json) -> Json:
    """Return the settings that are there as values of the client; null stays None."""
    kinds: dict[str, Callable[[Any], Any]] = {
        "starts_at": datetime.fromisoformat,
        "ends_at": datetime.fromisoformat,
        "expire_after": lambda seconds: timedelta(seconds=seconds),
        "reset_schedule": lambda schedule: ResetSchedule(**schedule),
        "keep_seasons": int,
    }
    return {
        name: None if args[name] is None else kind(args[name])
        for name, kind in kinds.items()
        if name in args
    }


def _changed(changed: UsersChanged) -> Json:
    return {"count": changed.count, "position": position_json(changed.position)}


def _hidden_json(user: HiddenUser) -> Json:
    return {
        "user_id": user.user_id,
        "score": user.score,
        "display_name": user.display_name,
        "attributes": user.attributes,
    }
