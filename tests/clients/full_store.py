"""Makes a store of the scenario full, and finds out whether it refuses writes."""

from harness.stores import StoreProcess
from harness.waiting import eventually


async def limit_memory(store: StoreProcess, size: int) -> None:
    """Set the memory that the store may use, in bytes; 0 is any."""
    async with store.client() as client:
        await client.config_set("maxmemory", size)
        await client.config_resetstat()


async def until_refused(store: StoreProcess, *, within: float) -> None:
    """Wait until the store refuses a write from now on."""
    async with store.client() as client:
        await client.config_resetstat()

        async def is_refused() -> bool:
            return "errorstat_OOM" in await client.info("errorstats")

        await eventually(is_refused, "a refused write", within=within)
