"""The methods of `ContestService`: each checks the request, calls the service and encodes."""

import asyncio
from collections.abc import Mapping

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_server.service.contests import ContestService
from leaderboard_server.transport import contest_requests as requests
from leaderboard_server.transport import contest_responses as responses
from leaderboard_server.transport import (
    moderation_requests,
    moderation_responses,
    season_requests,
)
from leaderboard_server.transport.listener import UnaryMethod
from leaderboard_server.transport.parsing import parse

CONTEST_SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ContestService"].full_name
_AT_ONCE = 100
"""Contests of a page that are encoded before other calls get a turn."""


class ContestMethods:
    """The methods, by path. Lives as long as the service."""

    def __init__(self, service: ContestService) -> None:
        """Call `service`."""
        self._service = service
        methods: Mapping[str, UnaryMethod] = {
            "CreateContest": self._create,
            "GetContest": self._get,
            "ListContests": self._list,
            "UpdateContest": self._update,
            "ResetContest": self._reset,
            "ListSeasons": self._list_seasons,
            "DeleteContest": self._delete,
            "RemoveUsers": self._remove_users,
            "HideUsers": self._hide_users,
            "UnhideUsers": self._unhide_users,
            "ListHiddenUsers": self._list_hidden_users,
            "EraseUser": self._erase_user,
        }
        self.unary: Mapping[str, UnaryMethod] = {
            f"/{CONTEST_SERVICE_NAME}/{name}": method for name, method in methods.items()
        }

    async def _create(self, data: bytes) -> bytes:
        contest_id, settings = requests.new_contest(parse(pb.CreateContestRequest, data))
        return responses.created(await self._service.create(contest_id, settings))

    async def _get(self, data: bytes) -> bytes:
        contest_id = requests.contest_id(parse(pb.GetContestRequest, data))
        return responses.read(await self._service.get(contest_id))

    async def _update(self, data: bytes) -> bytes:
        change = requests.settings_change(parse(pb.UpdateContestRequest, data))
        return responses.updated(await self._service.update(change))

    async def _list(self, data: bytes) -> bytes:
        query = requests.contests_query(parse(pb.ListContestsRequest, data))
        contests, next_after = await self._service.list(query)
        response = responses.PageResponse(next_after)
        for first in range(0, len(contests), _AT_ONCE):
            response.add(contests[first : first + _AT_ONCE])
            await asyncio.sleep(0)
        return response.encoded()

    async def _reset(self, data: bytes) -> bytes:
        request = season_requests.reset(parse(pb.ResetContestRequest, data))
        return responses.reset(await self._service.reset(*request))

    async def _list_seasons(self, data: bytes) -> bytes:
        query = season_requests.seasons_query(parse(pb.ListSeasonsRequest, data))
        return responses.seasons(await self._service.seasons(query))

    async def _delete(self, data: bytes) -> bytes:
        request = moderation_requests.deletion(parse(pb.DeleteContestRequest, data))
        await self._service.delete(*request)
        return pb.DeleteContestResponse().SerializeToString()

    async def _remove_users(self, data: bytes) -> bytes:
        query = moderation_requests.users(parse(pb.RemoveUsersRequest, data))
        return moderation_responses.removed(await self._service.remove_users(query))

    async def _hide_users(self, data: bytes) -> bytes:
        query = moderation_requests.users(parse(pb.HideUsersRequest, data))
        return moderation_responses.hidden(await self._service.hide_users(query))

    async def _unhide_users(self, data: bytes) -> bytes:
        query = moderation_requests.users(parse(pb.UnhideUsersRequest, data))
        return moderation_responses.unhidden(await self._service.unhide_users(query))

    async def _list_hidden_users(self, data: bytes) -> bytes:
        query = moderation_requests.hidden_users(parse(pb.ListHiddenUsersRequest, data))
        return moderation_responses.hidden_page(await self._service.hidden_users(query))

    async def _erase_user(self, data: bytes) -> bytes:
        request = moderation_requests.erasure(parse(pb.EraseUserRequest, data))
        return moderation_responses.erased(await self._service.erase_user(*request))
