"""Fixtures of the tests of the web gateway: a service and a gateway for all tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from harness.gateway import gateway
from harness.service import ServiceProcess
from web.boards import Web, fill


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="web")
async def _web(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Web]:
    """Yield a gateway to a service with boards, and check at the end that neither had a defect."""
    folder = tmp_path_factory.mktemp("web")
    async with ServiceProcess(folder, data_dir=folder / "data") as service:
        await fill(service)
        with gateway(service.address, "--rate", "1000000") as process:
            yield Web(service, process)
            assert '"internal_error"' not in process.log
        assert '"internal_error"' not in service.process.log.read_text()
