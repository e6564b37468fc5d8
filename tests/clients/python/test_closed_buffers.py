"""Ends of a score buffer: every pending update is accepted or reported, and no call hangs."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from cli.fake_service import FakeService
from clients.python.any_client import CLIENTS, AnyClient, call
from clients.python.reports import ADA, Reports
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import AsyncScoreBuffer, Cancelled, ScoreBuffer
from leaderboard_client.pending_queue import BufferOptions


class ShortService(FakeService):
    """Answers batches without any result."""

    def BatchUpdateScores(  # noqa: N802 (the name of the contract)
        self, request: pb.BatchUpdateScoresRequest, context: grpc.ServicerContext
    ) -> pb.BatchUpdateScoresResponse:
        """Return no result for any update."""
        return pb.BatchUpdateScoresResponse()


@pytest.fixture(name="short")
def _short() -> Iterator[ShortService]:
    with ShortService() as short:
        yield short


async def test_a_response_without_results_is_a_failure(
    short: ShortService, client: AnyClient
) -> None:
    """Updates without a result are sent again, and given up at their deadline."""
    reports = Reports()
    other: AnyClient = type(client)(short.address)
    buffer = other.score_buffer(give_up_after=0.1, on_error=reports)
    await call(buffer, "add", ADA)
    await call(buffer, "flush")
    await call(other, "close")

    assert [str(error) for error in reports.errors] == ["the answer has 0 results for 1 updates"]
    assert (buffer.acknowledged, buffer.refused) == (0, 1)


async def test_closing_the_client_gives_up_pending_updates(client: AnyClient) -> None:
    """A buffer whose client is closed reports all pending updates, and accepts no more."""
    reports = Reports()
    buffer = client.score_buffer(linger=60.0, batch_size=1000, on_error=reports)
    for _ in range(3):
        await call(buffer, "add", ADA)

    await call(client, "close")

    assert reports.kinds == [Cancelled] * 3
    assert (buffer.acknowledged, buffer.refused) == (0, 3)
    await call(buffer, "flush")
    await call(buffer, "close")
    with pytest.raises(RuntimeError, match="the buffer is closed"):
        await call(buffer, "add", ADA)


async def test_a_closed_client_makes_no_buffer_and_no_watch(client: AnyClient) -> None:
    """A closed client makes neither a buffer nor a watch."""
    await call(client, "close")

    with pytest.raises(Cancelled):
        client.score_buffer()
    with pytest.raises(Cancelled):
        client.watch("chess")


@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
async def test_closing_the_client_ends_its_threads_and_tasks(
    fake: FakeService, kind: type[AnyClient]
) -> None:
    """A buffer without references leaves nothing behind once its client is closed, either."""
    client: AnyClient = kind(fake.address)
    await call(client.score_buffer(), "add", ADA)
    await call(client, "close")

    def is_alone() -> bool:
        threads = [thread.name for thread in threading.enumerate()]
        return "leaderboard-buffer" not in threads and len(asyncio.all_tasks()) == 1

    await eventually(is_alone, "the end of the buffer")


def test_a_thread_that_ends_loses_nothing() -> None:
    """If its thread ends, a buffer reports all pending updates, and no call waits."""
    reports = Reports()

    def send(updates: object, *, timeout: float) -> list[Any]:
        raise SystemExit

    buffer = ScoreBuffer(send, BufferOptions(batch_size=1), reports)
    with contextlib.suppress(RuntimeError):
        for _ in range(3):
            buffer.add(ADA)
    buffer.flush()
    buffer.close()

    assert len(reports.errors) == buffer.refused > 0
    with pytest.raises(RuntimeError, match="the buffer broke"):
        buffer.add(ADA)


@pytest.mark.parametrize("moment", ["before it begins", "while it sends"])
async def test_a_task_that_is_cancelled_loses_nothing(moment: str) -> None:
    """If its task is cancelled, a buffer reports all pending updates, and no call waits."""
    reports = Reports()
    sending = asyncio.Event()

    async def send(updates: object, *, timeout: float) -> list[Any]:  # noqa: ASYNC109
        sending.set()
        await asyncio.Event().wait()
        raise AssertionError

    buffer = AsyncScoreBuffer(send, BufferOptions(batch_size=1), reports)
    for _ in range(3):
        await buffer.add(ADA)
    if moment == "while it sends":
        await sending.wait()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await buffer.flush()
    await buffer.close()

    assert reports.kinds == [Cancelled] * 3
    with pytest.raises(RuntimeError, match="the buffer broke"):
        await buffer.add(ADA)
