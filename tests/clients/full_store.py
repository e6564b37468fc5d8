"""Makes a store of the scenario full, and finds out whether it refuses writes."""

import contextlib

from harness.cluster_store import Store
from harness.waiting import eventually


async def limit_memory(store: Store, size: int) -> None:
    """Set the memory that each node of a store may use, in bytes; 0 is any."""
    for node in store.nodes:
        async with node.client() as client:
            await client.config_set("maxmemory", size)


async def until_refused(store: Store, *, within: float) -> None:
    """Wait until a node of a store refuses a write from now on."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(node.client()) for node in store.nodes]
        for client in clients:
            await client.config_resetstat()

        async def is_refused() -> bool:
            return any(["errorstat_OOM" in await client.info("errorstats") for client in clients])

        await eventually(is_refused, "a refused write", within=within)
