"""The servers that are attacked."""

import contextlib
import resource
from collections.abc import AsyncIterator
from pathlib import Path

from harness.service import ServiceProcess, listening_with
from harness.stores import StoreProcess
from harness.waiting import eventually


@contextlib.asynccontextmanager
async def attacked_service(
    listener: str, store: StoreProcess, folder: Path, *, file_limit: int | None = None
) -> AsyncIterator[ServiceProcess]:
    """Run a service with the limits that it has by default, and perhaps few file descriptors."""
    with listening_with(listener):
        service = ServiceProcess(folder, redis_url=store.url)
    try:
        service.launch()
        if file_limit:
            limits = (file_limit, file_limit)
            resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, limits)

        async def serves() -> bool:
            assert service.process.exit_code is None, service.process.log_tail()
            return await service.health() == "SERVING"

        await eventually(serves, "SERVING from the service's health", within=20)
        yield service
    finally:
        await service.close()
