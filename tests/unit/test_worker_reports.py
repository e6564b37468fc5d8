"""The pipes between a worker and its supervisor: requests, reports, and the end of either."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import IO

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.waiting import eventually
from leaderboard_server.metrics.totals import Snapshot
from leaderboard_server.workers import supervisor_pipe
from leaderboard_server.workers.report import MAX_BYTES, Report
from leaderboard_server.workers.report_reader import ReportReader
from leaderboard_server.workers.supervisor_pipe import SupervisorPipe

_CALLS = ("calls_total", (("code", "OK"),))


@dataclass
class _Pipes:
    """The pipes of a worker, which counts one call more with each report."""

    requests: IO[bytes]
    """Its standard input."""
    reports: IO[bytes]
    """Its standard output."""
    to_worker: asyncio.StreamWriter
    reader: ReportReader
    calls: int = 0
    ended: list[str] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def worker(self) -> AsyncIterator[SupervisorPipe]:
        """Connect the worker during the block."""
        async with SupervisorPipe.connected(
            self.requests, self.reports, lambda: self.ended.append("supervisor")
        ) as worker:
            yield worker

    def report(self) -> Report:
        """Return the next report."""
        self.calls += 1
        return Report("", {_CALLS: self.calls})

    @property
    def reported(self) -> float:
        """The calls of the latest report that the supervisor has."""
        assert self.reader.latest
        return self.reader.latest.samples[_CALLS]


@contextlib.asynccontextmanager
async def _piped(limit: int = MAX_BYTES) -> AsyncIterator[_Pipes]:
    """Yield pipes whose reports are read; no line may be longer than `limit`."""
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as files:
        requests, to_worker = (files.enter_context(each) for each in _pipe())
        from_worker, reports = (files.enter_context(each) for each in _pipe())
        lines = asyncio.StreamReader(limit)
        receiving, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), from_worker
        )
        writing = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, to_worker)
        writer = asyncio.StreamWriter(*writing, None, loop)
        pipes = _Pipes(requests, reports, writer, ReportReader(writer, lines))
        reading = asyncio.create_task(pipes.reader.read())
        try:
            yield pipes
        finally:
            reports.close()
            await reading
            receiving.close()
            writer.close()
            await asyncio.sleep(0)  # both are closed in the next turn of the loop


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", buffering=0), os.fdopen(writing, "wb", buffering=0)


_text = st.text(st.characters(exclude_categories=["Cs"]))
_labels = st.dictionaries(_text, _text).map(lambda labels: tuple(labels.items()))


@settings(max_examples=30, deadline=None)
@given(
    _text,
    st.dictionaries(
        st.tuples(_text, _labels),
        st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    ),
)
def test_report_is_one_line(unready: str, samples: Snapshot) -> None:
    """Any report is decoded as it was, from one line."""
    report = Report(unready, samples)
    line = report.encode()
    assert line.index(b"\n") == len(line) - 1
    assert Report.decode(line) == report


async def test_worker_answers_each_request() -> None:
    """A report is made after it was asked for, and one more once the worker has ended."""
    async with _piped() as pipes:
        async with pipes.worker() as worker:
            worker.serve(pipes.report)
            assert await pipes.reader.first()
            for _ in range(3):
                before = pipes.calls
                await pipes.reader.refresh()
                assert pipes.reported == before + 1
        assert pipes.calls == 5
        await pipes.reader.refresh()
        assert pipes.reported == 5
        assert not pipes.ended


async def test_callers_share_the_next_report() -> None:
    """Callers that come while a worker has not answered get one report, made after they came."""
    async with _piped() as pipes, pipes.worker() as worker:
        worker.serve(pipes.report)
        await pipes.reader.first()
        first = asyncio.create_task(pipes.reader.refresh())
        await asyncio.sleep(0)
        assert not first.done()
        others = [asyncio.create_task(pipes.reader.refresh()) for _ in range(10)]
        await asyncio.gather(first, *others)
        assert pipes.reported == pipes.calls == 3


async def test_nothing_piles_up_in_a_worker_that_hangs() -> None:
    """It is asked once, and for once more when it goes on; a timeout ends each wait."""
    async with _piped() as pipes:
        pipes.reports.write(Report("", {_CALLS: 1}).encode())
        assert await pipes.reader.first()
        assert pipes.reader.unanswered_s == 0
        for _ in range(20):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await pipes.reader.refresh()
        assert pipes.reader.unanswered_s > 0
        assert pipes.reported == 1
        assert pipes.requests.read(100) == b"\n"
        async with pipes.worker() as worker:
            worker.serve(pipes.report)
            await eventually(lambda: pipes.calls == 2, "one more request")
            await eventually(lambda: pipes.reader.unanswered_s == 0, "its report")


async def test_worker_notices_the_end_of_its_supervisor() -> None:
    """The worker ends with its supervisor, before it serves and after; its reports go nowhere."""
    async with _piped() as pipes, pipes.worker() as worker:
        pipes.to_worker.close()
        await eventually(lambda: pipes.ended == ["supervisor"], "the notice")
        worker.serve(pipes.report)


async def test_supervisor_that_reads_nothing_does_not_keep_a_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker ends after a while if its supervisor is stopped and does not read its reports."""
    monkeypatch.setattr(supervisor_pipe, "LAST_REPORT_TIMEOUT_S", 0.05)
    with contextlib.ExitStack() as files:
        requests, _to_worker = (files.enter_context(each) for each in _pipe())
        _from_worker, reports = (files.enter_context(each) for each in _pipe())
        large = Report("x" * 2**20, {})
        async with SupervisorPipe.connected(requests, reports, lambda: None) as worker:
            worker.serve(lambda: large)


@pytest.mark.parametrize("line", [b"", b'{"unready": "", "sam'], ids=["nothing", "half a line"])
async def test_worker_that_dies_leaves_its_latest_report(line: bytes) -> None:
    """What a killed worker was writing is not taken for a report; nobody waits any more."""
    async with _piped() as pipes:
        report = Report("", {_CALLS: 7})
        pipes.reports.write(report.encode())
        await pipes.reader.first()
        waiting = asyncio.create_task(pipes.reader.refresh())
        pipes.reports.write(line)
        pipes.reports.close()
        await waiting
        assert pipes.reader.latest == report
    async with _piped() as pipes:
        pipes.reports.write(line)
        pipes.reports.close()
        assert not await pipes.reader.first()
        assert pipes.reader.latest is None


@pytest.mark.parametrize(
    "line",
    [
        b"Segmentation fault",
        b"\xff",
        b"[]",
        b'{"samples": []}',
        b'{"unready": "", "samples": [["calls_total", []]]}',
        b'{"unready": "", "samples": [["calls_total", [], null]]}',
    ],
)
async def test_line_that_is_no_report(line: bytes) -> None:
    """What is no report fails nothing that reads reports and is logged once; the next counts."""
    async with _piped() as pipes:
        with structlog.testing.capture_logs() as entries:
            pipes.reports.write(line + b"\n")
            assert await pipes.reader.first()
            assert pipes.reader.latest is None
            assert pipes.reader.latest is None
        assert [entry["event"] for entry in entries] == ["worker_report_invalid"]
        refreshing = asyncio.create_task(pipes.reader.refresh())
        pipes.reports.write(Report("", {_CALLS: 7}).encode())
        await refreshing
        assert pipes.reported == 7


async def test_report_that_is_too_long_is_none() -> None:
    """A worker that writes without end is not read any further, and counts with its last report."""
    report = Report("", {_CALLS: 7})
    async with _piped(limit=100) as pipes:
        pipes.reports.write(report.encode())
        pipes.reports.write(b"x" * 300)
        assert await pipes.reader.first()
        await pipes.reader.refresh()
        assert pipes.reader.latest == report
