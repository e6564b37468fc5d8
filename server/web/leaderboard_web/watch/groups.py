"""The groups of a gateway: browsers that ask alike share one watch of the service."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from functools import partial
from http import HTTPStatus
from typing import Protocol

from leaderboard_client.watch_update import WatchUpdate
from leaderboard_web.problems import Problem
from leaderboard_web.watch.group import WatchGroup
from leaderboard_web.watch.instruments import WatchInstruments

_ADDRESSES = 20
"""How many addresses it takes, at least, to begin all groups: a group of 1,000 rows that change all
the time takes a hundredth of a core."""
_MIN_OF_ADDRESS = 10
"""The groups that an address may begin in any case."""
_RETRY = {"Retry-After": "1"}


class WatchedService(Protocol):
    """The leaderboard service, as far as it is watched."""

    def watch(self, contest_id: str, limit: int) -> AsyncGenerator[WatchUpdate, None]:
        """Watch the first rows of a contest; see `service.Service.watch`."""


class WatchGroups:
    """The groups by contest and limit. Each lasts as long as its watch."""

    def __init__(
        self, service: WatchedService, *, max_groups: int, instruments: WatchInstruments
    ) -> None:
        """Start watches of a service, at most `max_groups` at the same time."""
        self._service = service
        self._max_groups = max_groups
        self._max_of_address = max(_MIN_OF_ADDRESS, max_groups // _ADDRESSES)
        self._by_address = Counter[str]()
        """The groups by the address of the first subscription."""
        self._groups: dict[tuple[str, int], WatchGroup] = {}
        self._is_draining = False
        self.instruments = instruments

    def check_room(self, contest_id: str, limit: int, address: str) -> None:
        """Check that a group exists, or that a caller may begin it.

        Args:
            contest_id: The contest.

            limit: The number of its rows.

            address: The address of the caller, as limits count it.

        Raises:
            Problem: The gateway stops, or it or the address has too many groups.
        """
        if self._is_draining:
            raise _unavailable("the gateway is shutting down")
        if (contest_id, limit) in self._groups:
            return
        if len(self._groups) >= self._max_groups:
            self.instruments.count_refusal("groups")
            raise _unavailable("too many different boards are watched")
        if self._by_address[address] >= self._max_of_address:
            self.instruments.count_refusal("groups_of_address")
            detail = "this address watches too many different boards"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers=_RETRY)

    def group(self, contest_id: str, limit: int, address: str) -> WatchGroup:
        """Return the group of a contest and a limit, which begins with its first subscription.

        Args:
            contest_id: The contest.

            limit: The number of its rows.

            address: The address of the caller.

        Raises:
            Problem: As `check_room`.
        """
        key = contest_id, limit
        self.check_room(contest_id, limit, address)
        group = self._groups.get(key)
        if group is None:
            watch = partial(self._service.watch, contest_id, limit)
            group = WatchGroup(watch, limit, self.instruments, partial(self._remove, key, address))
            self._groups[key] = group
            self._by_address[address] += 1
            self.instruments.groups += 1
        return group

    def drain(self) -> None:
        """Refuse new watches, and close all others with their last message."""
        self._is_draining = True
        for group in self._groups.values():
            group.drain()

    async def close(self) -> None:
        """End all watches of the service."""
        self._is_draining = True
        await asyncio.gather(*(group.close() for group in tuple(self._groups.values())))

    def _remove(self, key: tuple[str, int], address: str) -> None:
        del self._groups[key]
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        self.instruments.groups -= 1


def _unavailable(detail: str) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=_RETRY)
