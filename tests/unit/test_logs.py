"""Lines of the log: their writes, and readers that are slow or gone."""

import json
import logging
import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from harness.waiting import eventually
from leaderboard_server.logs import LogOutput, log_together

WITHIN_S = 10.0
LIMIT = 2**18
"""Bytes that may wait, of a test; more than a pipe takes."""


class Pipe:
    """A pipe whose reader reads when the test wants."""

    def __init__(self) -> None:
        self.end, self.begin = os.pipe()
        os.set_blocking(self.end, False)

    def read(self) -> bytes:
        """Return what is in the pipe."""
        try:
            return os.read(self.end, 2 * 2**20)
        except BlockingIOError:
            return b""


@pytest.fixture(name="pipe")
def _pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.end)
    os.close(pipe.begin)


async def read_until(pipe: Pipe, last: str) -> list[str]:
    """Read lines until the last one is there."""
    text = b""

    def is_complete() -> bool:
        nonlocal text
        text += pipe.read()
        return text.endswith(f"{last}\n".encode())

    await eventually(is_complete, f"the line {last}", within=WITHIN_S)
    return text.decode().splitlines()


@pytest.mark.parametrize("blocking", [True, False])
async def test_lines_are_written_whole_and_in_order(pipe: Pipe, *, blocking: bool) -> None:
    """All lines arrive in their order, among them one that is larger than a pipe."""
    os.set_blocking(pipe.begin, blocking)
    output = LogOutput(pipe.begin)
    lines = [f"{number} {'é' * (number % 300)}" for number in range(1_000)]
    lines[500] = "long" * 2**16
    for line in lines:
        output.write(f"{line}\n")

    assert await read_until(pipe, lines[-1]) == lines
    assert output.wait(WITHIN_S)


def test_a_piece_has_whole_lines_that_a_pipe_takes_at_once(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that are written together share writes, which have whole lines and fit into a pipe."""
    written: list[bytes] = []

    def write(_: int, data: bytes) -> int:
        written.append(data)
        return len(data)

    monkeypatch.setattr(os, "write", write)
    output = LogOutput(pipe.begin)
    text = "".join(f"line {number}\n" for number in range(2_000))
    output.write(text)

    assert output.wait(WITHIN_S)
    assert b"".join(written).decode() == text
    assert all(data.endswith(b"\n") and len(data) <= select.PIPE_BUF for data in written)
    assert len(written) < 2 * len(text) / select.PIPE_BUF


async def test_a_reader_that_reads_nothing(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes return at once while nobody reads; lines over the limit are dropped and counted."""
    output = LogOutput(pipe.begin)
    dropped: list[int] = []
    reports = structlog.testing.CapturingLogger()
    monkeypatch.setattr("leaderboard_server.logs._log", reports)
    monkeypatch.setattr("leaderboard_server.logs.MAX_WAITING_BYTES", LIMIT)
    line = f"{'x' * 1_023}\n"
    for _ in range(3 * LIMIT // len(line)):
        output.write(line)

    assert not output.wait(0.01)
    received = b""

    def is_reported() -> bool:
        nonlocal received
        received += pipe.read()
        dropped.extend(call.kwargs["lines"] for call in reports.calls)
        reports.calls.clear()
        return bool(dropped) and output.wait(0)

    await eventually(is_reported, "the number of dropped lines", within=WITHIN_S)
    received += pipe.read()
    assert received.replace(line.encode(), b"") == b""
    assert received.count(b"\n") + sum(dropped) == 3 * LIMIT // len(line)
    assert received.count(b"\n") >= LIMIT // len(line)


@pytest.mark.parametrize("path", ["/dev/full", "pipe"])
def test_lines_that_cannot_be_written(path: str, tmp_path: Path) -> None:
    """A full disk, or a pipe that was closed, fails no write."""
    if path == "pipe":
        end, begin = os.pipe()
        os.close(end)
    else:
        begin = os.open(path, os.O_WRONLY)
    output = LogOutput(begin)
    output.write("one\n")
    assert output.wait(WITHIN_S)
    os.dup2(os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT), begin)
    output.write("two\n")
    assert output.wait(WITHIN_S)
    assert (tmp_path / "log").read_text() == "two\n"
    os.close(begin)


class _Writes:
    """A file that remembers each write."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.write = self.texts.append

    def flush(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("level", ["INFO", "ERROR"])
def test_entries_that_are_logged_together(level: str) -> None:
    """They are lines of one write, at any minimum level, with what all entries have."""
    writes = _Writes()
    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.WriteLoggerFactory(writes),  # type: ignore[arg-type]
    )
    try:
        with structlog.contextvars.bound_contextvars(worker=7):
            log_together("call", [{"number": 1}, {"number": 2}])
            log_together("call", [])
    finally:
        structlog.configure(**before)

    (text,) = writes.texts
    common = {"worker": 7, "event": "call", "level": "info"}
    assert [json.loads(line) for line in text.splitlines()] == [
        common | {"number": 1},
        common | {"number": 2},
    ]
