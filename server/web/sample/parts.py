"""The processes of a run: each has a session of its own, logs to a file, and is ended by its id."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from pathlib import Path

_START_S = 60.0
_END_S = 15.0
_LINES = 8


class PartFailed(Exception):
    """A part did not start, or ended while it should run; the text says why."""


class Part:
    """A `leaderboard` command that runs until it is ended."""

    def __init__(self, name: str, process: Process, log: Path) -> None:
        """Wrap a process that was started; see `start`."""
        self._name = name
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, arguments: Sequence[str], log: Path) -> "Part":
        """Start a command of the environment of this process.

        It gets no settings from variables, so it can't touch data or servers that they name. Its
        session is its own, so that Ctrl-C on the terminal ends the parts in order, by `end`.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("LEADERBOARD_")
        }
        command = Path(sys.executable).with_name("leaderboard")
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                command,
                *arguments,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        return cls(f"leaderboard {arguments[0]}", process, log)

    async def listening(self, address: str) -> None:
        """Wait until the part accepts connections on its address."""
        try:
            async with asyncio.timeout(_START_S):
                while not await _accepts(address):
                    if self._process.returncode is not None:
                        raise self._failure()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise PartFailed(f"`{self._name}` does not listen on {address}") from None

    async def ended(self) -> None:
        """Wait until the part ends by itself, and raise PartFailed then."""
        await self._process.wait()
        raise self._failure()

    async def end(self) -> None:
        """End the part: gracefully, or by force if that takes too long."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.returncode is None:
                self._process.send_signal(number)
            try:
                async with asyncio.timeout(_END_S):
                    await self._process.wait()
            except TimeoutError:
                continue
            return

    def _failure(self) -> PartFailed:
        log = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES:]
        reason = f"`{self._name}` ended with exit code {self._process.returncode}"
        return PartFailed("\n".join([reason, *log]))


async def _accepts(address: str) -> bool:
    """Return whether something accepts connections on an address."""
    host, _, port = address.rpartition(":")
    try:
        _, connection = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:
        return False
    connection.close()
    return True
