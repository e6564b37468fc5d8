"""Waits for conditions, in place of sleeps of a fixed time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

_PAUSE_S = 0.02


async def eventually(
    holds: Callable[[], bool | Awaitable[bool]], event: str, *, within: float = 10.0
) -> None:
    """
    Wait until a condition holds.

    Args:
        holds: Returns whether it does; a plain function or a coroutine function. An
            AssertionError counts as "not yet", any other exception ends the wait.
        event: The awaited event, for the text of the error.
        within: Seconds, generous: it only limits the time of a broken test.

    Raises:
        AssertionError: It did not happen in time. The cause is the last error of `holds`, if any.
    """
    last_error: AssertionError | None = None
    try:
        async with asyncio.timeout(within):
            while True:
                try:
                    seen = holds()
                    if await seen if inspect.isawaitable(seen) else seen:
                        return
                    last_error = None
                except AssertionError as error:
                    last_error = error
                await asyncio.sleep(_PAUSE_S)
    except TimeoutError:
        raise AssertionError(f"did not happen within {within:g} s: {event}") from last_error
