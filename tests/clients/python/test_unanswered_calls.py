"""What becomes of calls that nobody answers, and of those that their caller ends."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest
from google.rpc import code_pb2

from cli.fake_service import FakeService, refusal
from clients.python.any_client import AnyClient, call
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import (
    AsyncLeaderboardClient,
    Cancelled,
    DeadlineExceeded,
    Unavailable,
    retrying,
)


class StalledService(FakeService):
    """Does not answer reads until a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def GetTopUsers(  # noqa: N802 (the name of the contract)
        self, request: pb.GetTopUsersRequest, context: grpc.ServicerContext
    ) -> pb.GetTopUsersResponse:
        """Answer when the service released again."""
        answer = super().GetTopUsers(request, context)
        self.released.wait()
        return answer


@pytest.fixture(name="stalled")
def _stalled() -> Iterator[StalledService]:
    with StalledService() as stalled:
        yield stalled
        stalled.released.set()


async def test_nobody_there_is_unavailable(fake: FakeService, client: AnyClient) -> None:
    """Where no server listens a call tries until its time is up, and says what it met with."""
    fake.__exit__(None, None, None)

    with pytest.raises(Unavailable):
        await call(client, "get_top_users", "chess", timeout=0.5)


async def test_an_attempt_without_an_answer_is_made_again(
    stalled: StalledService, client: AnyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that is lost costs the time of an attempt and not that of the call."""
    monkeypatch.setattr(retrying, "ATTEMPT_TIMEOUT", 0.3)
    async with _of_kind(client, stalled) as caller:
        asking = asyncio.create_task(call(caller, "get_top_users", "chess", timeout=20))
        await eventually(lambda: len(stalled.asked) > 1, "a second attempt")
        stalled.released.set()
        await asking


async def test_time_that_is_up_is_told(stalled: StalledService, client: AnyClient) -> None:
    """A service that does not answer in the time of the call is a DeadlineExceeded."""
    async with _of_kind(client, stalled) as caller:
        with pytest.raises(DeadlineExceeded, match=r"no answer within 0\.2 s"):
            await call(caller, "get_top_users", "chess", timeout=0.2)


async def test_cancelling_ends_a_call_at_once(stalled: StalledService) -> None:
    """A task that is cancelled ends with CancelledError, and its call is not made again."""
    async with AsyncLeaderboardClient(stalled.address) as client:
        asking = asyncio.create_task(client.get_top_users("chess"))
        await eventually(lambda: bool(stalled.asked), "the call")
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    assert len(stalled.asked) == 1


async def test_closing_ends_calls_under_way(stalled: StalledService, client: AnyClient) -> None:
    """A call whose client is closed is Cancelled, and so is each later one."""
    async with _of_kind(client, stalled) as caller:
        asking = asyncio.create_task(call(caller, "get_top_users", "chess"))
        await eventually(lambda: bool(stalled.asked), "the call")
        await call(caller, "close")

        with pytest.raises(Cancelled):
            await asking
        with pytest.raises(Cancelled):
            await call(caller, "get_top_users", "chess")


async def test_closing_ends_a_pause(fake: FakeService, client: AnyClient) -> None:
    """A call that waits for its next attempt is Cancelled, too."""
    fake.refusals.extend([refusal(code_pb2.UNAVAILABLE, "later", "R", retry_after=0.5)] * 9)
    asking = asyncio.create_task(call(client, "get_top_users", "chess"))
    await eventually(lambda: bool(fake.asked), "the call")
    await call(client, "close")

    with pytest.raises(Cancelled):
        await asking


@contextlib.asynccontextmanager
async def _of_kind(client: AnyClient, service: FakeService) -> AsyncIterator[AnyClient]:
    """Give a client of the same kind for another service."""
    other: AnyClient = type(client)(service.address)
    yield other
    await call(other, "close")
