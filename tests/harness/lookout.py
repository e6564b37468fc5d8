"""Watches commands on the connection to the store, to wait for them or to lose their replies."""

import asyncio

from harness.waiting import eventually


class Lookout:
    """Waits for commands on their way to the store, and may lose their replies."""

    def __init__(self, command: str, holding: bytes, losses: int) -> None:
        self._command = command
        self._holding = holding
        self._losses_left = losses
        self._passed = asyncio.Event()
        self._lost = asyncio.Event()

    def stop_losing(self) -> None:
        """Lose no more replies."""
        self._losses_left = 0

    async def passed(self, *, within: float = 10.0) -> None:
        """
        Wait until such a command was forwarded to the store.

        Args:
            within: Seconds to wait.

        Raises:
            AssertionError: There was none.
        """
        await eventually(self._passed.is_set, f"{self._command} on the line", within=within)

    async def lost(self, *, within: float = 10.0) -> None:
        """
        Wait until the reply of the store to such a command was lost.

        Args:
            within: Seconds to wait.

        Raises:
            AssertionError: There was no reply to lose.
        """
        await eventually(self._lost.is_set, f"a lost reply to {self._command}", within=within)

    def meets(self, name: str, command: list[bytes]) -> bool:
        """Check a command on its way to the store, and return whether its reply is to be lost."""
        if name != self._command or not any(self._holding in part for part in command):
            return False
        self._passed.set()
        self._losses_left -= 1
        return self._losses_left >= 0

    def report_loss(self) -> None:
        """Report that a reply of the store was lost."""
        self._lost.set()
