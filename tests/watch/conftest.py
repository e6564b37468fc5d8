"""What the tests of watching watch: a contest without a store, or two servers on one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from harness.stores import StoreProcess
from unit.plain_board import Step
from watch.lone_contest import LoneContest
from watch.two_servers import Servers, two_servers


@pytest.fixture(name="contest")
def _contest() -> LoneContest:
    """Give a contest that two users are in."""
    contest = LoneContest()
    contest.commit(Step("ada", 5), Step("bo", 3))
    return contest


@pytest_asyncio.fixture(name="servers")
async def _servers(own_store: StoreProcess, tmp_path: Path) -> AsyncIterator[Servers]:
    """Give two servers on `own_store`."""
    async with two_servers(own_store, tmp_path) as servers:
        yield servers
