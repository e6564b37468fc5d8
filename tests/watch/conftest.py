"""Fixtures of the watch tests: a contest without a store, and two servers on one store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from harness.stores import StoreProcess
from unit.plain_board import Step
from watch.in_memory_contest import InMemoryContest
from watch.two_servers import Servers, two_servers


@pytest.fixture(name="contest")
def _contest() -> InMemoryContest:
    """Give a contest with two users."""
    contest = InMemoryContest()
    contest.commit(Step("ada", 5), Step("bo", 3))
    return contest


@pytest_asyncio.fixture(name="servers")
async def _servers(own_store: StoreProcess, tmp_path: Path) -> AsyncIterator[Servers]:
    """Give two servers on `own_store`."""
    async with two_servers(own_store, tmp_path) as servers:
        yield servers
