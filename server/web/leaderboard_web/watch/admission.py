"""Limits the open watches of a gateway, in all and by address."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus

from leaderboard_web.problems import Problem
from leaderboard_web.watch.instruments import WatchInstruments


class Admission:
    """The open watches."""

    def __init__(
        self, instruments: WatchInstruments, *, max_watches: int, max_per_address: int
    ) -> None:
        """Admit so many watches at the same time, and of these so many of one address."""
        self._instruments = instruments
        self._max_watches = max_watches
        self._max_per_address = max_per_address
        self._by_address = Counter[str]()

    @contextlib.contextmanager
    def admit(self, address: str) -> Iterator[None]:
        """Count a watch of an address for the time of a block.

        Raises:
            Problem: There are too many.
        """
        if self._instruments.watches >= self._max_watches:
            self._refuse("watches", HTTPStatus.SERVICE_UNAVAILABLE, "too many watches are open")
        if self._by_address[address] >= self._max_per_address:
            detail = "too many watches of this address are open"
            self._refuse("watches_of_address", HTTPStatus.TOO_MANY_REQUESTS, detail)
        self._instruments.watches += 1
        self._by_address[address] += 1
        try:
            yield
        finally:
            self._instruments.watches -= 1
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def _refuse(self, limit: str, status: HTTPStatus, detail: str) -> None:
        self._instruments.count_refusal(limit)
        raise Problem(status, detail, headers={"Retry-After": "1"})
