"""The driver with Sentinel: finding the master, lending connections, and closing."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import trustme
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, SentinelManagedConnection
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost

from conftest import require
from harness.ports import free_port
from harness.processes import ChildProcess
from harness.sentinel import SERVICE, SentinelStores, role
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually
from leaderboard_server.storage.addresses import Address
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.sentinel import Master, MasterPool

_TIMEOUT_S = 10.0


@pytest_asyncio.fixture(name="stores", params=list(Flavour))
async def _stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SentinelStores]:
    """Yield a master and its replica behind a sentinel, of each kind."""
    require(request.param)
    async with SentinelStores(request.param, tmp_path) as stores:
        yield stores


async def test_callers_wait_for_a_full_pool(stores: SentinelStores) -> None:
    """More calls than connections are all answered in turn."""
    client = connect(f"{stores.url}?max_connections=2")

    async with client, asyncio.timeout(_TIMEOUT_S):
        assert await asyncio.gather(*(client.ping() for _ in range(50))) == [True] * 50


async def test_closing_ends_all_tasks_and_connections(stores: SentinelStores) -> None:
    """No task and no connection to the sentinel is left."""
    before = asyncio.all_tasks()
    client = connect(stores.url)
    await client.ping()
    assert asyncio.all_tasks() > before

    await client.aclose()

    assert asyncio.all_tasks() == before
    async with stores.sentinel_client() as sentinel:
        names = [other["name"] for other in await sentinel.client_list()]
    assert "leaderboard" not in names


async def test_idle_connection_to_a_former_master_is_closed(stores: SentinelStores) -> None:
    """An idle connection is closed long before Sentinel makes the former master a replica."""
    first, second = stores.stores
    async with connect(stores.url) as client:
        pool: Any = client.connection_pool  # the driver leaves its methods without types
        connection = pool.make_connection()
        await connection.connect()
        assert connection.port == first.port

        await stores.fail_over()
        await stores.becomes_master(second)
        await eventually(lambda: not connection.is_connected, "the end of the connection")

        assert await role(first) == "master"
        await connection.connect()
        assert connection.port == second.port
        await connection.disconnect()


async def test_one_working_sentinel_suffices(stores: SentinelStores) -> None:
    """A working sentinel is found after any number of sentinels that hang or are down."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hang = f"127.0.0.1:{silent.getsockname()[1]}"
        away = [*[hang] * 30, f"127.0.0.1:{free_port()}"]
        url = stores.url.replace("://", f"://{','.join(away)},")
        async with connect(url) as client, asyncio.timeout(_TIMEOUT_S):
            assert await client.ping()


async def test_store_and_sentinels_have_users_of_their_own(stores: SentinelStores) -> None:
    """Store and sentinels get their own user and password, and these rights suffice."""
    first, _ = stores.stores
    async with first.client() as store, stores.sentinel_client() as sentinel:
        await store.acl_setuser("writer", enabled=True, passwords=["+p@ss"], categories=["+@all"])
        await sentinel.acl_setuser(
            "reader",
            enabled=True,
            passwords=["+of-sentinels"],
            commands=["+sentinel|master", "+sentinel|get-master-addr-by-name", "+client|setname"],
        )
        await sentinel.acl_setuser("default", enabled=False)
    url = stores.url.replace("://", "://writer:p%40ss@")

    async with connect(f"{url}?sentinel_username=reader&sentinel_password=of-sentinels") as client:
        assert await client.acl_whoami() == "writer"
    async with connect(url) as client:
        with pytest.raises(MasterNotFoundError, match="Authentication required"):
            await client.ping()


async def test_unknown_service_is_reported(stores: SentinelStores) -> None:
    """The error has the sentinel's reason."""
    async with connect(stores.url.replace(SERVICE, "unknown")) as client:
        with pytest.raises(MasterNotFoundError, match="No such master"):
            await client.ping()


class _Sentinel:
    """A fake sentinel that knows of a number of failovers."""

    def __init__(self, config_epoch: int, host: str, port: int = 6379) -> None:
        self.name_master(config_epoch, host, port)

    def name_master(self, config_epoch: int, host: str, port: int = 6379) -> None:
        """Name another master from now on."""
        self._answers = {
            "SENTINEL MASTER": {"config-epoch": config_epoch},
            "SENTINEL GET-MASTER-ADDR-BY-NAME": (host, port),
        }

    async def execute_command(self, command: str, _service: str) -> Any:
        """Answer the queries of a `Master`."""
        return self._answers[command]

    async def aclose(self) -> None:
        """Do nothing."""


async def test_sentinel_with_the_latest_failover_is_believed() -> None:
    """The answer of the sentinel with the latest failover is used, not that of an isolated one."""
    sentinels: list[Any] = [_Sentinel(3, "former"), _Sentinel(4, "present"), _Sentinel(0, "first")]
    master = Master(sentinels, SERVICE)

    assert await master.address() == Address("present", 6379)

    await master.close()


async def test_connection_is_rejected_if_the_master_moved_while_it_was_opened(
    own_store: StoreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a connection to the current master no connection to a former one is lent."""
    sentinel: Any = _Sentinel(0, "127.0.0.1", own_store.port)
    pool = MasterPool(
        Master([sentinel], SERVICE),
        connection_class=SentinelManagedConnection,
        retry=Retry(NoBackoff(), 0),
    )
    connection: Any = pool.make_connection()  # the driver leaves its methods without types
    open_socket = connection._connect  # noqa: SLF001 - of the driver

    async def move_and_open_socket() -> None:
        sentinel.name_master(1, "elsewhere")
        await pool.get_master_address()
        await open_socket()

    monkeypatch.setattr(connection, "_connect", move_and_open_socket)
    with pytest.raises(MasterNotFoundError, match="moved"):
        await connection.connect()
    assert not connection.is_connected
    await pool.aclose()


@pytest.fixture(name="certificates")
def _certificates(tmp_path: Path) -> Path:
    """Return a folder with a certificate for loopback and that of its authority."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path


async def test_tls_is_used_for_sentinels_and_store(certificates: Path) -> None:
    """With `rediss+sentinel` sentinels and store are reached over TLS only."""
    require(Flavour.REDIS)  # the Valkey of the wheel is built without TLS
    ports = free_port(), free_port()
    settings = f"""\
bind 127.0.0.1
port 0
dir {certificates}
tls-cert-file {certificates / "cert.pem"}
tls-key-file {certificates / "key.pem"}
tls-ca-cert-file {certificates / "ca.pem"}
tls-auth-clients no
"""
    monitor = f"sentinel monitor {SERVICE} 127.0.0.1 {ports[0]} 1\n"
    store, sentinel = (
        _run(certificates / name, f"{settings}tls-port {port}\n{more}", *options)
        for name, port, more, options in (
            ("store.conf", ports[0], "", ()),
            ("sentinel.conf", ports[1], monitor, ("--sentinel",)),
        )
    )
    url = f"rediss+sentinel://127.0.0.1:{ports[1]}/{SERVICE}"
    async with connect(f"{url}?ssl_ca_certs={certificates / 'ca.pem'}") as client:

        async def answers() -> bool:
            try:
                return await client.ping()
            except ConnectionLost:
                return False

        await eventually(answers, "an answer over TLS")
    async with connect(url) as client:

        async def distrusts() -> bool:
            with pytest.raises(MasterNotFoundError) as refused:
                await client.ping()
            return "CERTIFICATE_VERIFY_FAILED" in str(refused.value)

        await eventually(distrusts, "distrust in a certificate of an unknown authority")
    for process in (sentinel, store):
        process.end()


def _run(configuration: Path, text: str, *options: str) -> ChildProcess:
    configuration.write_text(text)
    command = [str(Flavour.REDIS.executable()), str(configuration), *options]
    return ChildProcess(command, configuration.with_suffix(".log"))
