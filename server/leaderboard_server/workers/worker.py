"""Runs one worker process, and asks it for its reports."""

import asyncio
import contextlib
import json
import sys
from typing import Self

import structlog
from pydantic import SecretStr

from leaderboard_server.config import Config
from leaderboard_server.workers.report import MAX_BYTES
from leaderboard_server.workers.report_reader import ReportReader

_log = structlog.get_logger()

_STOP_TIMEOUT_S = 20.0
"""How long a worker may take to stop: longer than its own timeouts for calls in flight and for the
commits among them."""

_LAST_REPORT_TIMEOUT_S = 1.0
"""How long the end of a worker's standard output may come after its own."""


class Worker:
    """A running worker process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Begin to read the reports of a process that was started."""
        assert process.stdin
        assert process.stdout
        self._process = process
        self.pid = process.pid
        self.reports = ReportReader(process.stdin, process.stdout)
        self._reading = asyncio.create_task(self.reports.read(), name="worker-reports")

    @classmethod
    async def start(cls, config: Config) -> Self:
        """Start a worker, and wait for nothing.

        It gets its settings through a pipe, since they may hold a password and command lines are
        visible to other users. The pipe stays open as long as this process lives: its end makes the
        worker stop, however this process ended.

        Raises:
            OSError: No process can be started.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "leaderboard_server.workers"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_BYTES,
            # A Ctrl-C in the terminal is for the supervisor, which then stops the workers.
            start_new_session=True,
        )
        assert process.stdin
        process.stdin.write(_encode_settings(config))
        return cls(process)

    async def ended(self) -> int:
        """Wait for the end; return the exit code, negative for the signal that ended it.

        All that it reported was read then.
        """
        code = await self._process.wait()
        await asyncio.wait([self._reading], timeout=_LAST_REPORT_TIMEOUT_S)
        return code

    async def stop(self) -> int:
        """Stop the worker gracefully, or kill it if that takes too long; return as `ended`."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                return await self.ended()
        except TimeoutError:
            _log.error("worker_killed", worker=self.pid, after_s=_STOP_TIMEOUT_S)
            self._process.kill()
            return await self.ended()


def _encode_settings(config: Config) -> bytes:
    """Return the settings as a line of JSON, with the values of secrets."""
    secrets = {
        name: value.get_secret_value() for name, value in config if isinstance(value, SecretStr)
    }
    return json.dumps(config.model_dump(mode="json") | secrets).encode() + b"\n"
