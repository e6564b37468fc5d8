"""Follows a watch until the contest is over, and shows each update."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

from leaderboard_client.watch_update import StreamLostError, WatchState, WatchUpdate


class View(Protocol):
    """What shows a watch."""

    def show(self, update: WatchUpdate) -> None:
        """Show an update."""


async def follow(
    updates: AsyncGenerator[WatchUpdate, None], views: Sequence[View], patience: float | None
) -> None:
    """Show updates until the contest is over.

    Args:
        updates: The watch.

        views: What shows it.

        patience: How long its beginning may take, in seconds; None for as long as it takes.

    Raises:
        RefusedError: The watch was refused.

        StreamLostError: It did not begin in time, as with the other errors.

        MissedChangesError: The same.
    """
    trouble: Exception | None = None
    try:
        async with aclosing(updates), asyncio.timeout(patience) as beginning:
            async for update in updates:
                trouble = update.trouble
                if update.state is not WatchState.CONNECTING:
                    beginning.reschedule(None)
                for view in views:
                    view.show(update)
    except TimeoutError:
        raise (trouble or StreamLostError(f"nothing came for {patience:g} s")) from None
