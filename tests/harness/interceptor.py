"""Waits for commands on their way to the store, and drops their replies."""

import asyncio

from harness.waiting import eventually


class CommandInterceptor:
    """Waits for matching commands on their way to the store, and may drop their replies."""

    def __init__(self, command: str, holding: bytes, drops: int) -> None:
        self._command = command
        self._holding = holding
        self._drops_left = drops
        self._forwarded = asyncio.Event()
        self._dropped = asyncio.Event()

    def stop_dropping(self) -> None:
        """Drop no more replies."""
        self._drops_left = 0

    async def forwarded(self, *, within: float = 10.0) -> None:
        """
        Wait until a matching command was forwarded to the store.

        Args:
            within: Seconds to wait.

        Raises:
            AssertionError: There was none.
        """
        await eventually(self._forwarded.is_set, f"a forwarded {self._command}", within=within)

    async def dropped(self, *, within: float = 10.0) -> None:
        """
        Wait until the reply to a matching command was dropped.

        Args:
            within: Seconds to wait.

        Raises:
            AssertionError: No reply was dropped.
        """
        await eventually(self._dropped.is_set, f"a dropped reply to {self._command}", within=within)

    def observe(self, name: str, command: list[bytes]) -> bool:
        """Observe a command, and return whether its reply must be dropped."""
        if name != self._command or not any(self._holding in part for part in command):
            return False
        self._forwarded.set()
        self._drops_left -= 1
        return self._drops_left >= 0

    def report_drop(self) -> None:
        """Report that a reply was dropped."""
        self._dropped.set()
