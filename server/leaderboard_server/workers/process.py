"""One worker process, seen from its supervisor."""

import asyncio
import contextlib
import json
import sys
from typing import Self

import structlog
from pydantic import SecretStr

from leaderboard_server.config import Config

_log = structlog.get_logger()

_STOP_S = 20.0
"""How long a worker may take to stop: more than its grace for calls, and than the store's for those
that it commits."""


class Worker:
    """A running process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls, config: Config) -> Self:
        """Start a worker, and wait for nothing.

        It is told its settings through a pipe, since one of them may be a password, and command
        lines are visible to others. The pipe stays open for as long as this process lives: its end
        tells the worker to stop, however this one ended.

        Raises:
            OSError: No process can be started.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "leaderboard_server.workers"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # A Ctrl-C in the terminal is for the supervisor, which then stops the workers.
            start_new_session=True,
        )
        assert process.stdin
        process.stdin.write(settings_line(config))
        return cls(process)

    async def serves(self) -> bool:
        """Wait until the worker serves. False if it ended before."""
        assert self._process.stdout
        return bool(await self._process.stdout.readline())

    async def ended(self) -> int:
        """Wait for the end, and return the exit code, negative for the signal that ended it."""
        return await self._process.wait()

    async def stop(self) -> int:
        """Have the worker stop in good order, kill it if that takes too long; as `ended`."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                return await self.ended()
        except TimeoutError:
            _log.error("worker_killed", worker=self.pid, after_s=_STOP_S)
            self._process.kill()
            return await self.ended()


def settings_line(config: Config) -> bytes:
    """Return the settings as a line, secrets with their values."""
    secrets = {
        name: value.get_secret_value() for name, value in config if isinstance(value, SecretStr)
    }
    return json.dumps(config.model_dump(mode="json") | secrets).encode() + b"\n"
