"""Waits for calls that succeed, or that fail for a cause."""

from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreCause, StoreUnavailable
from storage.cluster.scripted_cluster import Caller


async def cause_of(caller: Caller, key: str) -> StoreCause | None:
    """Return why a call fails, None if it does not."""
    try:
        await caller.call(key)
    except StoreUnavailable as error:
        return error.cause
    return None


async def fails_for(caller: Caller, key: str, cause: StoreCause) -> None:
    """Wait until calls fail for a cause."""

    async def fails() -> bool:
        return await cause_of(caller, key) is cause

    await eventually(fails, f"calls that fail with {cause}")


async def succeeds(caller: Caller, key: str) -> None:
    """Wait until calls succeed."""

    async def is_served() -> bool:
        return await cause_of(caller, key) is None

    await eventually(is_served, "calls that are served")
