"""Runs the commands of a document's shell and console blocks and compares what they print."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from documents.output import pieces

_FENCE = "```"
_DEADLINE_S = 120.0
_TIMING = re.compile(r"in [\d.]+ s, [\d,]+/s")
"""The time and the rate of an import, which differ between runs."""
ADDRESS = "127.0.0.1:50051"
"""The address of the server in all documents."""
DURING_WATCH = "leaderboard update final-2022 di-maria 3"
"""The command of another terminal during the watch in README."""


class Block(NamedTuple):
    """A fenced block: a shell script, or one command of a console block with its output."""

    line: int
    """The line of the first command in the document, from 1."""
    command: str
    output: str | None
    """The output in a console block; None for a shell script."""


def blocks(document: Path) -> list[Block]:
    """Return the `sh` blocks of a document and the commands of its `console` blocks, in order."""
    found: list[Block] = []
    lines = iter(enumerate(document.read_text(encoding="utf-8").splitlines(), 1))
    for at, line in lines:
        if line == f"{_FENCE}sh":
            found.append(Block(at + 1, "\n".join(_body(lines)), None))
        elif line == f"{_FENCE}console":
            found += _commands(at, list(_body(lines)))
    return found


def fenced(document: Path, language: str) -> list[str]:
    """Return the text of all blocks of a language, in order."""
    lines = iter(enumerate(document.read_text(encoding="utf-8").splitlines(), 1))
    return ["\n".join(_body(lines)) for _, line in lines if line == f"{_FENCE}{language}"]


def _body(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line == _FENCE:
            return
        yield line


def _commands(at: int, body: list[str]) -> Iterator[Block]:
    starts = [number for number, line in enumerate(body) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        last = start
        while body[last].endswith("\\"):  # the command continues on the next line
            last += 1
        command = "\n".join(body[start : last + 1]).removeprefix("$ ")
        yield Block(at + 1 + start, command, "\n".join(body[last + 1 : end]))


class Session:
    """Runs commands in one folder against one server."""

    def __init__(
        self,
        folder: Path,
        address: str,
        search_path: str,
        replaced: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare a session.

        Args:
            folder: The working folder.

            address: HOST:PORT of the server, in place of the documents' own.

            search_path: The folders of executables, before those of this process.

            replaced: Other parts of commands, and what stands for them here.
        """
        self._folder = folder
        self._replaced = {ADDRESS: address, **(replaced or {})}
        self._environment = {
            **os.environ,
            "LEADERBOARD_SERVER": address,
            "PATH": os.pathsep.join([search_path, os.environ.get("PATH", os.defpath)]),
            "COLUMNS": "100",
            "NO_PROXY": "*",
        }

    def run(self, block: Block) -> str:
        """Run a block to its end, and return its output."""
        process = self._start(block)
        try:
            printed, _ = process.communicate(timeout=_DEADLINE_S)
        finally:
            _kill(process)
        if block.output is None:
            assert process.returncode == 0, f"line {block.line}: {printed}"
        return printed

    def check(self, block: Block) -> None:
        """Run a command, and compare its output with that in the document."""
        assert block.output is not None
        if " watch " in block.command:
            self._check_watch(block, block.output)
            return
        printed = self.run(block)
        assert stable(printed) == stable(block.output), f"line {block.line}: {printed}"

    def _check_watch(self, block: Block, output: str) -> None:
        """Run a command that ends with Ctrl-C; `DURING_WATCH` leads to its last line."""
        shown = self._folder / "watch.txt"
        *before, last = output.splitlines()
        with shown.open("w") as file:
            process = self._start(block, stdout=file)
            try:
                _until(lambda: stable(shown.read_text()) == stable("\n".join(before)), shown)
                self.run(Block(block.line, DURING_WATCH, None))
                _until(lambda: last in shown.read_text().splitlines(), shown)
                os.killpg(process.pid, signal.SIGINT)
                process.wait(_DEADLINE_S)
            finally:
                _kill(process)
        assert stable(shown.read_text()) == stable(output), f"line {block.line}"

    def _start(
        self, block: Block, stdout: int | IO[str] = subprocess.PIPE
    ) -> "subprocess.Popen[str]":
        command = block.command
        for part, other in self._replaced.items():
            command = command.replace(part, other)
        if block.output is None:
            command = f"set -e\n{command}"
        process: subprocess.Popen[str] = subprocess.Popen(
            ["/bin/bash", "-c", command],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            stdout=stdout,
        )
        return process


def stable(text: str) -> list[object]:
    """Return the lines and JSON values of output, without values that differ between runs."""
    return pieces(_TIMING.sub("in 0 s", text))


def _until(condition: Callable[[], bool], shown: Path) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"never printed, only: {shown.read_text()!r}"
        time.sleep(0.05)


def _kill(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
