"""A running driver: operations go in and answers come out, each as one line of JSON."""

import asyncio
import contextlib
import json
import os
import sys
from types import TracebackType
from typing import Any, Self

from clients.languages import Language
from harness import die_with_parent

Answer = dict[str, Any]

_LINE_BYTES = 16 * 2**20
"""The longest line: a board of a thousand rows and its message."""


class DriverError(Exception):
    """The driver ended, or printed a malformed line."""


class Operation:
    """An operation of a driver, and its lines so far."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        """The last line: with `ok` or with `error`."""
        self.updates: list[Any] = []
        """The updates of a watch before it, oldest first."""


class Driver:
    """A driver of one language. Runs within its block."""

    def __init__(self, language: Language, address: str) -> None:
        self._command = [*language.command, address]
        self._operations: dict[int, Operation] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-ES", die_with_parent.__file__, str(os.getpid())),
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
        )
        self._reader = asyncio.create_task(self._read(self._process))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process, "it was never started"
        assert self._reader, "it was never started"
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    def start(self, operation: str, arguments: Answer, timeout_s: float | None = None) -> Operation:
        """Begin an operation."""
        assert self._process, "it was never started"
        assert self._process.stdin, "it is a pipe"
        number = len(self._operations) + 1
        started = self._operations[number] = Operation()
        request: Answer = {"id": number, "op": operation, "args": arguments}
        if timeout_s is not None:
            request["timeout_s"] = timeout_s
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        return started

    def number(self, operation: Operation) -> int:
        """Return the number by which the driver knows an operation."""
        return next(n for n, each in self._operations.items() if each is operation)

    async def close(self) -> int:
        """Have the client closed; return the exit code of the driver."""
        assert self._process, "it was never started"
        await self.start("close", {}).answer
        async with asyncio.timeout(10):
            return await self._process.wait()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout, "it is a pipe"
        trouble = "the driver ended"
        try:
            async for line in process.stdout:
                self._take(json.loads(line))
        except (KeyError, ValueError) as error:
            trouble = f"the driver printed a malformed line: {error!r}"
        for operation in self._operations.values():
            if not operation.answer.done():
                operation.answer.set_exception(DriverError(trouble))

    def _take(self, line: Answer) -> None:
        operation = self._operations[line["id"]]
        if "update" in line:
            operation.updates.append(line["update"])
        elif not operation.answer.done():
            operation.answer.set_result(line)
