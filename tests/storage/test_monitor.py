"""The monitor of the store: what it reports and what it logs, once for each change."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from harness.proxy import StoreProxy
from harness.sentinel import SentinelStores
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually
from leaderboard_server.storage import monitor
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.monitor import Monitor
from storage.scripted_store import ScriptedStore


class _Monitored:
    """The states that a monitor reported, and its log."""

    def __init__(self, log: list[Any]) -> None:
        self.states: list[bool] = []
        self._log = log

    async def report(self, *, serving: bool) -> None:
        """Take a state."""
        self.states.append(serving)

    def events(self, *left_out: str) -> list[str]:
        """Return the logged events."""
        return [entry["event"] for entry in self._log if entry["event"] not in left_out]

    def entry(self, event: str) -> dict[str, Any]:
        """Return the only entry of an event."""
        (found,) = [dict(entry) for entry in self._log if entry["event"] == event]
        return found


@contextlib.asynccontextmanager
async def _monitored(url: str) -> AsyncIterator[_Monitored]:
    structlog.reset_defaults()
    with capture_logs() as log:
        monitored = _Monitored(log)
        driver = connect(url)
        watching = Monitor(driver, monitored.report)
        watching.start()
        try:
            await eventually(lambda: bool(monitored.states), "a first state")
            yield monitored
        finally:
            await watching.close()
            await driver.aclose()


async def test_a_good_store_is_no_warning(own_store: StoreProcess) -> None:
    """The facts of a good store are one entry, and the state is reported once."""
    async with _monitored(own_store.url) as seen:
        assert seen.states == [True]
        assert seen.events() == ["store_checked"]
        assert seen.entry("store_checked")["role"] == "primary"


async def test_a_primary_that_becomes_a_replica_is_not_serving(own_store: StoreProcess) -> None:
    """A demoted store is found at the next ping, long before the next check; so is its return."""
    async with own_store.client() as client, _monitored(own_store.url) as seen:
        await client.replicaof("127.0.0.1", "1")
        await eventually(lambda: seen.states == [True, False], "the end of serving")
        assert seen.entry("store_is_replica")["log_level"] == "error"

        await client.replicaof("NO", "ONE")
        await eventually(lambda: seen.states == [True, False, True], "serving again")

        assert seen.events("store_checked") == ["store_is_replica", "store_recovered"]


async def test_another_store_at_the_address_is_found(
    own_store: StoreProcess, tmp_path: Path
) -> None:
    """When the address moves to the new primary the server serves again."""
    other = StoreProcess(Flavour.VALKEY, tmp_path)
    await other.start()
    try:
        async with (
            own_store.client() as client,
            StoreProxy(own_store.port) as address,
            _monitored(address.url) as seen,
        ):
            await client.replicaof("127.0.0.1", str(other.port))
            await eventually(lambda: seen.states == [True, False], "the end of serving")
            address.lead_to(other.port)
            await eventually(lambda: seen.states == [True, False, True], "serving again")
    finally:
        other.end()


async def test_a_store_stays_available_while_no_further_connection_opens(
    own_store: StoreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while its name can't be resolved, the open connections are used, also for checks."""
    monkeypatch.setattr(monitor, "CHECK_INTERVAL_S", 0.0)
    monkeypatch.setattr(monitor, "PING_INTERVAL_S", 0.01)
    async with StoreProxy(own_store.port) as address, _monitored(address.url) as seen:
        await address.refuse()
        await _further_checks(own_store)

        assert seen.states == [True]
        assert seen.events() == ["store_checked"]


async def test_a_master_stays_available_without_its_sentinels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While no sentinel answers, the open connections to the master are used, also for checks."""
    monkeypatch.setattr(monitor, "CHECK_INTERVAL_S", 0.0)
    monkeypatch.setattr(monitor, "PING_INTERVAL_S", 0.01)
    async with SentinelStores(Flavour.VALKEY, tmp_path) as stores, _monitored(stores.url) as seen:
        stores.end_sentinel()
        await _further_checks(stores.stores[0])

        assert seen.states == [True]
        assert seen.events() == ["store_checked"]


async def test_a_changed_setting_is_logged_once(
    own_store: StoreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that changes while the server runs is one warning, however often it is checked."""
    monkeypatch.setattr(monitor, "CHECK_INTERVAL_S", 0.0)
    monkeypatch.setattr(monitor, "PING_INTERVAL_S", 0.01)
    async with own_store.client() as client, _monitored(own_store.url) as seen:
        await client.config_set("appendfsync", "everysec")
        await eventually(lambda: "store_setting" in seen.events(), "the warning")
        await _further_checks(own_store)
        await client.config_set("appendfsync", "always")
        await eventually(lambda: seen.events().count("store_checked") == 3, "the change back")

        assert seen.events() == [*["store_checked"] * 2, "store_setting", "store_checked"]
        assert seen.states == [True]


async def _further_checks(store: StoreProcess) -> None:
    async with store.client() as client:

        async def count() -> int:
            statistics = await client.info("commandstats")
            return int(statistics["cmdstat_config|get"]["calls"])

        due = await count() + 3
        await eventually(_reaches(count, due), "three more checks")


def _reaches(count: Callable[[], Any], due: int) -> Callable[[], Any]:
    async def reached() -> bool:
        return bool(await count() >= due)

    return reached


async def test_a_timeout_has_a_reason(own_store: StoreProcess) -> None:
    """A store that doesn't reply is logged with the time that was waited for it."""
    async with _monitored(own_store.url) as seen:
        own_store.freeze()
        await eventually(lambda: seen.states == [True, False], "the end of serving")

        assert seen.entry("store_unavailable")["reason"] == "no reply within 1 s"
        own_store.thaw()
        await eventually(lambda: seen.states == [True, False, True], "serving again")
        assert seen.events()[-1] == "store_recovered"


async def test_a_loading_store_is_unavailable() -> None:
    """A store that still reads its data is not served, and the log says that it is loading."""
    async with ScriptedStore() as store:
        loading = asyncio.create_task(_reply_when_asked(store))
        async with _monitored(store.url) as seen:
            assert seen.states == [False]
            assert "loading" in seen.entry("store_unavailable")["reason"].lower()
        await loading


async def _reply_when_asked(store: ScriptedStore) -> None:
    await store.received(2)
    store.reply(b"-LOADING the dataset is loading", b"$11\r\nrole:master")


async def test_missing_rights_keep_the_server_from_serving(own_store: StoreProcess) -> None:
    """A right that the user lacks is an error, logged once; when it is given, the server serves."""
    url = own_store.url.replace("redis://", "redis://limited:secret@")
    async with own_store.client() as client:
        rights = ("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-zadd")
        execute: Any = client.execute_command
        await execute(*rights)
        async with _monitored(url) as seen:
            assert seen.states == [False]
            assert "ZADD" in seen.entry("store_no_rights")["reason"]
            await execute("ACL", "SETUSER", "limited", "+zadd")
            await eventually(lambda: seen.states == [False, True], "serving")
            assert seen.events("store_checked") == ["store_no_rights", "store_recovered"]
