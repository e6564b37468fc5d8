"""Score buffers under Ctrl-C, cancellation, signal handlers and forks."""

import asyncio
import sys

import pytest

from cli.fake_service import FakeService
from clients.python.reports import ADA, Reports
from leaderboard_client import (
    AsyncLeaderboardClient,
    Cancelled,
    LeaderboardClient,
    async_score_buffer,
    score_buffer,
)

NOBODY = "127.0.0.1:1"
PROGRAM_SECONDS = 60


def test_ctrl_c_ends_a_block_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C a block waits only briefly, and reports the updates pending then."""
    monkeypatch.setattr(score_buffer, "CLOSE_TIMEOUT", 0.2)
    reports = Reports()

    def block(client: LeaderboardClient) -> None:
        with client.score_buffer(on_error=reports) as buffer:
            buffer.add(ADA)
            raise KeyboardInterrupt

    with LeaderboardClient(NOBODY) as client, pytest.raises(KeyboardInterrupt):
        block(client)

    assert reports.kinds == [Cancelled]


async def test_cancellation_ends_a_block_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """After cancellation a block waits only briefly, and reports the updates pending then."""
    monkeypatch.setattr(async_score_buffer, "CLOSE_TIMEOUT", 0.2)
    reports = Reports()
    added = asyncio.Event()

    async def block(client: AsyncLeaderboardClient) -> None:
        async with client.score_buffer(on_error=reports) as buffer:
            await buffer.add(ADA)
            added.set()
            await asyncio.Event().wait()

    async with AsyncLeaderboardClient(NOBODY) as client:
        task = asyncio.create_task(block(client))
        await added.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert reports.kinds == [Cancelled]


async def test_cancelling_the_end_of_a_block_ends_it_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A block that is cancelled while it flushes waits only briefly, too."""
    monkeypatch.setattr(async_score_buffer, "CLOSE_TIMEOUT", 0.2)
    reports = Reports()

    async def block(client: AsyncLeaderboardClient) -> None:
        async with asyncio.timeout(0.2), client.score_buffer(on_error=reports) as buffer:
            await buffer.add(ADA)

    async with AsyncLeaderboardClient(NOBODY) as client:
        with pytest.raises(TimeoutError):
            await block(client)
        assert reports.kinds == [Cancelled]


async def test_a_block_flushes_after_ctrl_c(fake: FakeService) -> None:
    """After Ctrl-C or cancellation a block still sends the updates that the service accepts."""

    def block(client: LeaderboardClient) -> None:
        with client.score_buffer(linger=60.0) as buffer:
            buffer.add(ADA)
            raise KeyboardInterrupt

    async def cancelled(client: AsyncLeaderboardClient) -> None:
        async with client.score_buffer(linger=60.0) as buffer:
            await buffer.add(ADA)
            raise asyncio.CancelledError

    with LeaderboardClient(fake.address) as client, pytest.raises(KeyboardInterrupt):
        block(client)
    async with AsyncLeaderboardClient(fake.address) as other:
        with pytest.raises(asyncio.CancelledError):
            await cancelled(other)

    assert fake.scores == {("chess", "ada"): 10}


async def test_ctrl_c_ends_the_wait_of_close() -> None:
    """Ctrl-C during `close` gives up and reports the remaining updates, and is raised."""
    await _run("""
def send(updates, *, timeout):
    interrupt()
    threading.Event().wait()

buffer = ScoreBuffer(
    send, BufferOptions(linger=60.0), lambda _update, error: reports.append(str(error))
)
buffer.add(ADA)
try:
    buffer.close()
except KeyboardInterrupt:
    reports.append("interrupted")
assert reports == ["the buffer was closed before this update was accepted", "interrupted"], reports
""")


async def test_ctrl_c_during_give_up_loses_nothing() -> None:
    """If Ctrl-C interrupts `give_up`, all updates are reported once, and it can be repeated."""
    await _run("""
def send(updates, *, timeout):
    threading.Event().wait()

def on_error(update, _error):
    if not reports:
        interrupt()
    reports.append(update.request_id)

buffer = ScoreBuffer(send, BufferOptions(batch_size=5, linger=0.0), on_error)
for _ in range(100):
    buffer.add(ADA)
try:
    buffer.give_up()
except KeyboardInterrupt:
    pass
buffer.give_up()
assert interrupted.is_set()
assert buffer.refused == len(reports) == len(set(reports)) == 100, len(reports)
""")


async def test_ctrl_c_in_the_event_loop_loses_nothing() -> None:
    """An update whose report was interrupted in the event loop is reported again, with the rest."""
    await _run("""
async def send(updates, *, timeout):
    await asyncio.Event().wait()

def on_error(update, _error):
    reports.append(update.user_id)
    if len(reports) == 2:
        raise KeyboardInterrupt

async def program():
    buffer = AsyncScoreBuffer(send, BufferOptions(batch_size=2, linger=0.0), on_error)
    for user_id in "abcd":
        await buffer.add(ScoreUpdate("chess", user_id, 5))
    try:
        buffer.give_up()
    except KeyboardInterrupt:
        await buffer.close()
    assert reports == ["a", "b", "b", "c", "d"], reports
    assert buffer.refused == 4

asyncio.run(program())
""")


async def test_a_forked_process_may_leave_the_block() -> None:
    """A process that was forked inside the block of a buffer ends with its own exit code."""
    await _run("""
with ScoreBuffer(lambda updates, *, timeout: [None] * len(updates)) as buffer:
    child = os.fork()
    if not child:
        sys.exit(7)
    _, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 7

async def program():
    async with AsyncScoreBuffer(None):
        child = os.fork()
        if not child:
            sys.exit(7)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7

asyncio.run(program())
""")


async def test_a_signal_handler_may_close_a_buffer() -> None:
    """A handler that interrupts any line of `add`, or of its locks, closes; nothing is lost."""
    await _run("""
import itertools
import leaderboard_client

package = os.path.dirname(leaderboard_client.__file__)

def interrupted_add(buffer, moment):
    lines = itertools.count()

    def trace(frame, event, _arg):
        if not frame.f_code.co_filename.startswith((package, threading.__file__)):
            return None
        if event == "line" and next(lines) == moment:
            sys.settrace(None)
            signal.raise_signal(signal.SIGUSR1)
        return trace

    sys.settrace(trace)
    try:
        buffer.add(ADA)
    finally:
        sys.settrace(None)

closed = []
signal.signal(signal.SIGUSR1, lambda *_: (buffer.close(), closed.append(buffer)))
for moment in itertools.count():
    buffer = ScoreBuffer(
        lambda updates, *, timeout: [None] * len(updates), BufferOptions(linger=60.0)
    )
    buffer.add(ADA)
    accepted = 1
    try:
        interrupted_add(buffer, moment)
        accepted = 2
    except RuntimeError as error:
        assert str(error) == "the buffer is closed"
    buffer.close()
    assert (buffer.acknowledged, buffer.refused) == (accepted, 0), moment
    if buffer not in closed:
        break
assert len(closed) > 20, closed
""")


async def test_a_forked_process_can_not_use_a_buffer() -> None:
    """In a forked process a buffer raises RuntimeError at once; in its parent it works."""
    await _run("""
def send(updates, *, timeout):
    return [None] * len(updates)

async def send_async(updates, *, timeout):
    return [None] * len(updates)

buffer, other = ScoreBuffer(send), AsyncScoreBuffer(send_async)
uses = [lambda: buffer.add(ADA), buffer.flush, buffer.close]
uses += [lambda c=c: asyncio.run(c()) for c in (lambda: other.add(ADA), other.flush, other.close)]
child = os.fork()
if not child:
    for use in uses:
        try:
            use()
        except RuntimeError as error:
            reports.append("another process" in str(error))
    buffer.give_up()
    other.give_up()
    os._exit(0 if reports == [True] * 6 else 1)
_, status = os.waitpid(child, 0)
assert status == 0
for use in uses[:3]:
    use()
assert buffer.acknowledged == 1
""")


async def _run(program: str) -> None:
    """Run a program in a process of its own, which may get signals and fork."""
    head = """
import asyncio, os, signal, sys, threading
from leaderboard_client import AsyncScoreBuffer, ScoreBuffer, ScoreUpdate
from leaderboard_client.pending_queue import BufferOptions
ADA = ScoreUpdate("chess", "ada", 5)
reports = []
interrupted = threading.Event()

def on_interrupt(*_):
    if not interrupted.is_set():
        interrupted.set()
        raise KeyboardInterrupt

def interrupt():
    # A signal right before the main thread begins to wait has no effect, so it is sent again.
    while not interrupted.wait(0.01):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

signal.signal(signal.SIGINT, on_interrupt)
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", head + program)
    try:
        assert await asyncio.wait_for(process.wait(), PROGRAM_SECONDS) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
