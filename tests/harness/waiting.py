"""Waits for conditions, so that no test sleeps for a fixed time and hopes."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

_PAUSE_S = 0.02


async def eventually(
    holds: Callable[[], bool | Awaitable[bool]], story: str, *, within: float = 10.0
) -> None:
    """
    Wait until a condition holds.

    Args:
        holds: Tells whether it does; a plain function or a coroutine function. An AssertionError
            counts as "not yet", any other exception ends the wait.
        story: What is waited for, told when it does not come.
        within: Seconds, generous: it only decides when a broken test gives up.

    Raises:
        AssertionError: It did not come in time. The cause is that of the last look, if it had one.
    """
    doubt: AssertionError | None = None
    try:
        async with asyncio.timeout(within):
            while True:
                try:
                    seen = holds()
                    if await seen if inspect.isawaitable(seen) else seen:
                        return
                    doubt = None
                except AssertionError as error:
                    doubt = error
                await asyncio.sleep(_PAUSE_S)
    except TimeoutError:
        raise AssertionError(f"did not happen within {within:g} s: {story}") from doubt
