"""Fixtures of all tests: stores to write to, and the service in a process of its own."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from clients.languages import LANGUAGES, PRESENT
from harness.proxy import StoreProxy
from harness.service import LISTENERS, ServiceProcess, listening_with
from harness.stores import Flavour, StoreProcess
from leaderboard_server.replication import log_followers


def pytest_configure() -> None:
    """Restore the handler of Ctrl-C: a shell ignores it for jobs in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    """Say which listeners are tested."""
    left_out = "" if "front" in LISTENERS else ": NOT THE FRONT, which `make front` installs"
    clients = ", ".join(language.name for language in PRESENT)
    missing = [f"CLIENT {language.missing}" for language in LANGUAGES if language.missing]
    return "\n".join(
        [f"listeners: {', '.join(LISTENERS)}{left_out}", f"clients: {clients}", *missing]
    )


@pytest.fixture(scope="session", name="listener", params=LISTENERS)
def _listener(request: pytest.FixtureRequest) -> str:
    """Give each listener that is installed."""
    name: str = request.param
    return name


@pytest.fixture(name="on_each_listener")
def _on_each_listener(listener: str) -> Iterator[None]:
    """Run a test on each listener."""
    with listening_with(listener):
        yield


def require(flavour: Flavour) -> None:
    """Skip what a machine has no store for; where `CI` is set nothing may be left out."""
    if flavour.executable() is None:
        reason = f"no executable of {flavour} in PATH: its half of the store tests is left out"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest_asyncio.fixture(
    scope="session", loop_scope="session", name="shared_store", params=list(Flavour)
)
async def _shared_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[StoreProcess]:
    require(request.param)
    store = StoreProcess(request.param, tmp_path_factory.mktemp(request.param))
    await store.start()
    yield store
    store.end()


@pytest_asyncio.fixture(name="store")
async def _store(shared_store: StoreProcess) -> StoreProcess:
    """Give an empty store that runs for all tests: not to be stopped or frozen."""
    async with shared_store.client() as client:
        await client.flushall()
    return shared_store


@pytest_asyncio.fixture(name="line")
async def _line(store: StoreProcess) -> AsyncIterator[StoreProxy]:
    """Give a line to the store that can be broken."""
    async with StoreProxy(store.port) as line:
        yield line


@pytest.fixture(name="never_compared")
def _never_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn the periodic check of log followers against the store off."""
    monkeypatch.setattr(log_followers, "VERIFY_S", 3_600.0)


@pytest_asyncio.fixture(name="own_store")
async def _own_store(tmp_path: Path) -> AsyncIterator[StoreProcess]:
    """Give a Valkey of the test's own, to do with as it likes."""
    store = StoreProcess(Flavour.VALKEY, tmp_path / "store")
    await store.start()
    yield store
    store.end()


@pytest_asyncio.fixture(name="service")
async def _service(own_store: StoreProcess, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """Give a service process on `own_store`."""
    async with ServiceProcess(tmp_path / "service", redis_url=own_store.url) as service:
        yield service
