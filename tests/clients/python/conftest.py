"""Fixtures of the tests of the Python client."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from cli.fake_service import FakeService
from clients.python.any_client import CLIENTS, AnyClient, call
from clients.python.attempts import end_calls_once
from clients.python.scripted_contests import ScriptedContests


@pytest.fixture(name="fake")
def _fake() -> Iterator[FakeService]:
    """Give a service whose every answer a test can decide."""
    with FakeService() as fake:
        yield fake


@pytest_asyncio.fixture(name="client", params=CLIENTS, ids=["sync", "async"])
async def _client(request: pytest.FixtureRequest, fake: FakeService) -> AsyncIterator[AnyClient]:
    """Give a client of either kind, of the fake service."""
    client: AnyClient = request.param(fake.address)
    yield client
    await call(client, "close")


@pytest.fixture(name="scripted")
def _scripted() -> Iterator[ScriptedContests]:
    """Give a service of contests whose every answer a test decides."""
    scripted = ScriptedContests()
    with scripted.serving():
        yield scripted


@pytest_asyncio.fixture(name="scripted_client", params=CLIENTS, ids=["sync", "async"])
async def _scripted_client(
    request: pytest.FixtureRequest, scripted: ScriptedContests
) -> AsyncIterator[AnyClient]:
    """Give a client of either kind, of the scripted service."""
    client: AnyClient = request.param(scripted.address)
    yield client
    await call(client, "close")


@pytest.fixture(name="two_attempts")
def _two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each call end with the error of its second attempt, without waiting for its deadline."""
    end_calls_once(monkeypatch, lambda failed: failed == 2)
