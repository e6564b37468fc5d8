"""Fixtures of the fault tests: a proxy to the store, and servers that share a store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from harness.cluster_store import Store
from harness.proxy import StoreProxy
from harness.service import Pair, ServiceProcess, all_serving


@pytest_asyncio.fixture(name="proxy")
async def _proxy(own_store: Store) -> AsyncIterator[StoreProxy]:
    """Yield a proxy in front of `own_store` that can break connections."""
    async with StoreProxy(*own_store.ports) as proxy:
        yield proxy


@pytest_asyncio.fixture(name="proxied")
async def _proxied(proxy: StoreProxy, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """Yield a service process that reaches `own_store` through `proxy`."""
    async with ServiceProcess(tmp_path / "proxied", redis_url=proxy.url) as service:
        yield service


@pytest_asyncio.fixture(name="pair")
async def _pair(own_store: Store, proxy: StoreProxy, tmp_path: Path) -> AsyncIterator[Pair]:
    """Yield two service processes on `own_store`, one of them through `proxy`."""
    pair = Pair(
        ServiceProcess(tmp_path / "direct", redis_url=own_store.url),
        ServiceProcess(tmp_path / "proxied", redis_url=proxy.url),
    )
    async with all_serving(*pair):
        yield pair
