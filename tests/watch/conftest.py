"""Two servers for the tests that break what lies between them and the store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from harness.stores import StoreProcess
from watch.two_servers import Servers, two_servers


@pytest_asyncio.fixture(name="servers")
async def _servers(own_store: StoreProcess, tmp_path: Path) -> AsyncIterator[Servers]:
    """Give two servers on `own_store`."""
    async with two_servers(own_store, tmp_path) as servers:
        yield servers
