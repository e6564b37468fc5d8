"""Calls without an answer, and calls that are ended by their caller."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest
from google.rpc import code_pb2

from cli.fake_service import FakeService
from cli.refusals import refusal
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
    """Does not answer reads until a test releases it."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def GetTopUsers(  # noqa: N802 (the name of the contract)
        self, request: pb.GetTopUsersRequest, context: grpc.ServicerContext
    ) -> pb.GetTopUsersResponse:
        """Answer once the service is released."""
        answer = super().GetTopUsers(request, context)
        self.released.wait()
        return answer


@pytest.fixture(name="stalled")
def _stalled() -> Iterator[StalledService]:
    with StalledService() as stalled:
        yield stalled
        stalled.released.set()


@pytest.mark.usefixtures("two_attempts")
async def test_no_server_is_unavailable(fake: FakeService, client: AnyClient) -> None:
    """Without a server a call is retried, and raises the last error."""
    fake.__exit__(None, None, None)

    with pytest.raises(Unavailable):
        await call(client, "get_top_users", "chess")


async def test_an_unanswered_attempt_is_repeated(
    stalled: StalledService, client: AnyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost response costs the time of one attempt, not that of the call."""
    monkeypatch.setattr(retrying, "ATTEMPT_TIMEOUT", 0.3)
    async with _of_kind(client, stalled) as caller:
        calling = asyncio.create_task(call(caller, "get_top_users", "chess", timeout=20))
        await eventually(lambda: len(stalled.asked) > 1, "a second attempt")
        stalled.released.set()
        await calling


async def test_an_unanswered_call_is_a_deadline_exceeded(
    stalled: StalledService, client: AnyClient
) -> None:
    """A call that is not answered in its time raises DeadlineExceeded."""
    async with _of_kind(client, stalled) as caller:
        with pytest.raises(DeadlineExceeded, match=r"no response within 0\.2 s"):
            await call(caller, "get_top_users", "chess", timeout=0.2)


async def test_cancelling_ends_a_call_at_once(stalled: StalledService) -> None:
    """A cancelled task ends with CancelledError, and its call is not repeated."""
    async with AsyncLeaderboardClient(stalled.address) as client:
        calling = asyncio.create_task(client.get_top_users("chess"))
        await eventually(lambda: bool(stalled.asked), "the call")
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling

    assert len(stalled.asked) == 1


async def test_closing_ends_calls_in_flight(stalled: StalledService, client: AnyClient) -> None:
    """A call whose client is closed is Cancelled, and so is each later one."""
    async with _of_kind(client, stalled) as caller:
        calling = asyncio.create_task(call(caller, "get_top_users", "chess"))
        await eventually(lambda: bool(stalled.asked), "the call")
        await call(caller, "close")

        with pytest.raises(Cancelled):
            await calling
        with pytest.raises(Cancelled):
            await call(caller, "get_top_users", "chess")


async def test_closing_ends_a_pause(fake: FakeService, client: AnyClient) -> None:
    """A call that waits for its next attempt is Cancelled, too."""
    fake.refusals.extend([refusal(code_pb2.UNAVAILABLE, "later", "R", retry_after=0.5)] * 9)
    calling = asyncio.create_task(call(client, "get_top_users", "chess"))
    await eventually(lambda: bool(fake.asked), "the call")
    await call(client, "close")

    with pytest.raises(Cancelled):
        await calling


@contextlib.asynccontextmanager
async def _of_kind(client: AnyClient, service: FakeService) -> AsyncIterator[AnyClient]:
    """Give a client of the same kind for another service."""
    other: AnyClient = type(client)(service.address)
    yield other
    await call(other, "close")
