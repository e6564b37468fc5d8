"""The `on_error` of a score buffer: nothing that it does ends or blocks the buffer."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from google.rpc import code_pb2

from cli.fake_service import FakeService
from cli.refusals import refusal
from clients.python.any_client import CLIENTS, AnyClient, call
from clients.python.reports import ADA
from harness.waiting import eventually
from leaderboard_client import LeaderboardClient, LeaderboardError, ScoreUpdate

NEVER = refusal(code_pb2.PERMISSION_DENIED, "never")


@pytest.mark.parametrize("raised", [SystemExit, asyncio.CancelledError, ValueError])
async def test_on_error_ends_nothing(
    fake: FakeService, client: AnyClient, raised: type[BaseException]
) -> None:
    """Whatever `on_error` raises, the buffer goes on and accepts later updates."""

    def on_error(_update: ScoreUpdate, _error: LeaderboardError) -> None:
        raise raised

    buffer = client.score_buffer(on_error=on_error)
    fake.refusals.append(NEVER)
    await call(buffer, "add", ADA)
    await call(buffer, "flush")
    await call(buffer, "add", ADA)
    await call(buffer, "close")

    assert (buffer.acknowledged, buffer.refused) == (1, 1)


@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
def test_on_error_is_never_awaited(kind: type[AnyClient]) -> None:
    """A callback that would have to be awaited is refused when the buffer is made."""

    async def on_error(_update: ScoreUpdate, _error: LeaderboardError) -> None: ...

    class Callback:
        async def __call__(self, _update: ScoreUpdate, _error: LeaderboardError) -> None: ...

    client = kind("127.0.0.1:1")
    for callback in (on_error, Callback()):
        with pytest.raises(ValueError, match="on_error is a coroutine function"):
            client.score_buffer(on_error=callback)
    if isinstance(client, LeaderboardClient):
        client.close()


def test_on_error_can_not_wait_for_its_buffer(fake: FakeService) -> None:
    """Inside `on_error` the buffer refuses calls that would wait for it, except `give_up`."""
    refused: list[str] = []

    def on_error(_update: ScoreUpdate, _error: LeaderboardError) -> None:
        uses: list[Callable[[], None]] = [lambda: buffer.add(ADA), buffer.flush, buffer.close]
        for use in uses:
            with pytest.raises(RuntimeError) as raised:
                use()
            refused.append(str(raised.value))
        buffer.give_up()

    fake.refusals.append(NEVER)
    with LeaderboardClient(fake.address) as client:
        buffer = client.score_buffer(on_error=on_error, batch_size=1, linger=60.0)
        buffer.add(ADA)
        buffer.flush()

    assert refused == ["on_error must not use the buffer that calls it"] * 3


async def test_each_of_two_buffers_may_close_their_client(fake: FakeService) -> None:
    """Buffers of one client whose `on_error` closes it don't wait for each other."""
    client = LeaderboardClient(fake.address)
    both = threading.Barrier(2)
    closed = []

    def on_error(_update: ScoreUpdate, _error: LeaderboardError) -> None:
        both.wait()
        client.close()
        closed.append(threading.current_thread())

    fake.refuse_update = lambda _update: NEVER
    for buffer in [client.score_buffer(on_error=on_error) for _ in range(2)]:
        buffer.add(ADA)

    await eventually(lambda: len(closed) == 2, "that both have closed it")
