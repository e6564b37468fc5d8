"""Fixtures: a cluster that the test breaks, and two servers on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from conftest import require
from faults.cluster.variants import Variant
from harness.cluster import ClusterStores
from harness.service import ServiceProcess, all_serving, listening_with


@pytest.fixture(name="variant")
def _variant(request: pytest.FixtureRequest) -> Variant:
    """Return an engine and a listener; see `variants.on_each`."""
    variant: Variant = request.param
    require(variant.flavour)
    return variant


@pytest_asyncio.fixture(name="cluster")
async def _cluster(variant: Variant, tmp_path: Path) -> AsyncIterator[ClusterStores]:
    """Yield three masters with a replica each."""
    async with ClusterStores(variant.flavour, tmp_path) as cluster:
        yield cluster


@pytest_asyncio.fixture(name="servers")
async def _servers(
    variant: Variant, cluster: ClusterStores, tmp_path: Path
) -> AsyncIterator[tuple[ServiceProcess, ServiceProcess]]:
    """Yield two servers on the cluster."""
    with listening_with(variant.listener):
        first, second = (
            ServiceProcess(tmp_path / name, redis_url=cluster.url) for name in ("first", "second")
        )
    async with all_serving(first, second):
        yield first, second
