"""The commands, rights and settings of `docs/operations.md` do what the page says."""

import re
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from conftest import require
from documents.every_call import use_contests, use_scores
from documents.operations import PAGE, Operator, block, lines, require_redis_cli
from documents.session import Block, blocks
from harness.calls import add, scores, top
from harness.certificates import Authority
from harness.load import Load
from harness.processes import ChildProcess
from harness.sentinel import SERVICE, SentinelStores
from harness.service import CHANNEL_OPTIONS, ServiceProcess
from harness.statuses import status_of
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_server.storage.store_checks import Finding, Severity, check, inspect_store

_STORE_URL = "rediss://leaderboard:secret@redis.internal:6380/0"
_ACL = "redis-cli -h redis.internal ACL SETUSER"
_SENTINEL_ACL = "redis-cli -h s1 -p 26379 ACL SETUSER"
_SENTINEL_SERVE = "redis+sentinel://"
_FAILOVER = "SENTINEL FAILOVER"
_TLS_SERVE = "--tls-cert chain.pem"
_BACKUP = "tar -C ~/.local/share -czf"
_RESTORE = "tar -C ~/.local/share -xzf"
_CONFIG = "/etc/leaderboard.toml"
_PASSWORD_FILE = "/run/secrets/redis"
_OPERATOR_URL = "redis://operator:secret@redis.internal:6379/0"

_RUN = (
    *(_STORE_URL, _ACL, _SENTINEL_ACL, _SENTINEL_SERVE, _FAILOVER, _TLS_SERVE),
    *(_BACKUP, _RESTORE, _OPERATOR_URL, _CONFIG),
)
"""The blocks that tests of this module run."""


def test_every_block_is_run() -> None:
    """Each shell block of the page is run by a test of this module, and there are no others."""
    for each in blocks(PAGE):
        assert sum(mark in each.command for mark in _RUN) == 1, f"line {each.line}"


@pytest_asyncio.fixture(name="store", params=list(Flavour))
async def _store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoreProcess]:
    """Yield a store of each kind that the test may change."""
    require_redis_cli()
    require(request.param)
    store = StoreProcess(request.param, tmp_path / "store")
    await store.start()
    yield store
    store.end()


@pytest.fixture(name="operator")
def _operator(store: StoreProcess, tmp_path: Path) -> Iterator[Operator]:
    """Yield an operator whose store is `store`."""
    operator = Operator(
        tmp_path / "home",
        {
            _STORE_URL: _as_leaderboard(store),
            _OPERATOR_URL: _as_leaderboard(store),
            _CONFIG: "leaderboard.toml",
            "-h redis.internal": f"-h 127.0.0.1 -p {store.port}",
        },
    )
    yield operator
    operator.end()


def _as_leaderboard(store: StoreProcess) -> str:
    return f"redis://leaderboard:secret@127.0.0.1:{store.port}/0"


def _stub(address: str) -> tuple[grpc.aio.Channel, LeaderboardServiceStub]:
    channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
    return channel, LeaderboardServiceStub(channel)


async def _logged(server: ChildProcess, text: str) -> None:
    def seen() -> bool:
        assert server.exit_code is None, server.log_tail()
        return text in server.log.read_text()

    await eventually(seen, f"{text} in the log", within=20)


async def test_the_user_of_the_store_has_all_rights_of_a_server(
    store: StoreProcess, operator: Operator
) -> None:
    """As that user a server writes, reads, watches, resumes, begins epochs and sends scripts."""
    assert operator.run(block(_ACL)).strip() == "OK"
    server = operator.serve(block(_STORE_URL))
    await _logged(server, '"store_checked"')
    channel, stub = _stub(operator.address)
    async with channel, Watcher("cup") as watcher, store.client() as client:
        await watcher.open(stub)
        await use_scores(stub)
        await use_contests(channel)
        await watcher.hang_up()
        last = await add(stub, "cup", "bob", 7, "again")
        await watcher.open(stub, resume_after=watcher.checker.position)
        await watcher.reach(last.position)

        await client.script_flush()
        await use_scores(stub)
        await client.flushall()
        await watcher.snapshot("NEW_EPOCH")
        await use_scores(stub)
        await use_contests(channel)
        watcher.checker.assert_equals(await _reached(stub, watcher))

    for line in server.log.read_text().splitlines():
        # Where the front is not installed, the store has nothing to do with it.
        assert '"level": "info"' in line or '"event": "front_missing"' in line


async def test_the_file_of_settings_and_the_password_of_the_store(
    store: StoreProcess, operator: Operator
) -> None:
    """A server starts with the file of the page, and takes over another password."""
    config, password = operator.home / "leaderboard.toml", operator.home / "redis"
    password.write_text("secret\n")
    (settings,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    settings = settings.replace(_PASSWORD_FILE, str(password))
    config.write_text(settings.replace("redis.internal", f"127.0.0.1:{store.port}"))
    operator.run(block(_ACL))

    server = operator.serve(block(_CONFIG))
    await _logged(server, '"store_checked"')
    assert '"max_calls": 2000' in server.log.read_text()
    async with store.client() as client:
        await client.acl_setuser("leaderboard", enabled=True, passwords=["+new"])
        password.write_text("new\n")
        await client.acl_setuser("leaderboard", enabled=True, passwords=["-secret"])
        await client.client_kill_filter(_type="normal", skipme=True)
        await _logged(server, '"password_renewed"')
        await eventually(lambda: server.log.read_text().count('"feed_connected"') == 2, "the feed")


async def _reached(stub: LeaderboardServiceStub, watcher: Watcher) -> pb.GetTopUsersResponse:
    board = await top(stub, "cup", limit=10)
    await watcher.reach(board.position)
    return board


def _rights() -> list[str]:
    """Return each right of the documented user."""
    return re.findall(r"[~&+][^\s']+", block(_ACL).command)


async def test_no_right_is_more_than_a_server_needs(
    store: StoreProcess, operator: Operator
) -> None:
    """Without any one of the rights the check of the store says what is missing."""
    for right in _rights():
        shortened = re.sub(rf" '?{re.escape(right)}'?(?=\s|$)", "", block(_ACL).command, count=1)
        assert shortened != block(_ACL).command
        async with store.client() as client:
            execute: Any = client.execute_command
            await execute("ACL", "DELUSER", "leaderboard")
        operator.run(Block(0, shortened, None))

        missing = await _first_finding(_as_leaderboard(store))

        assert _names(missing, right), (right, missing)


async def _first_finding(url: str) -> Finding | str:
    try:
        return check(await inspect_store(url))[0]
    except ConnectionError as error:
        return str(error)


def _names(finding: Finding | str, right: str) -> bool:
    """Return whether a finding is that of the missing right."""
    if isinstance(finding, str):
        return right.removeprefix("+") in finding.lower()
    if right == "+info":
        return (finding.event, finding.subject) == ("store_unknown", "role")
    wanted = {
        "~leaderboard:contest:*": "leaderboard:contest:{check}",
        "~leaderboard:contests:*": "leaderboard:contests:{0}",
        "&leaderboard:{*}": "SUBSCRIBE leaderboard:{check}",
    }
    named = wanted.get(right, right.removeprefix("+").upper())
    return finding.severity is Severity.ERROR and named in finding.reason


async def test_the_settings_of_the_page_are_those_that_are_checked(store: StoreProcess) -> None:
    """A store with the settings of the page has no finding, and each checked one is on the page."""
    text = PAGE.read_text(encoding="utf-8")
    table = text[text.index("| setting | why |") : text.index("Replication is asynchronous")]
    settings = dict(re.findall(r"`([a-z-]+) ([a-z]+)`", table))
    async with store.client() as client:
        for name, value in settings.items():
            await client.config_set(name, value)

    facts = await inspect_store(store.url)

    assert check(facts) == []
    assert dict(facts.settings).items() <= settings.items()


async def test_tls(store: StoreProcess, operator: Operator) -> None:
    """The server of the page serves callers with a certificate of the named CA, and no others."""
    server_ca, caller_ca = Authority(), Authority()
    server_ca.write(operator.home / "chain.pem", operator.home / "key.pem")
    (operator.home / "callers.pem").write_bytes(caller_ca.pem)
    serve = block(_TLS_SERVE)
    server = operator.serve(serve._replace(command=f"{serve.command} --redis-url {store.url}"))
    await _logged(server, '"store_checked"')

    for credentials, served in (
        (caller_ca.certified(server_ca), True),
        (server_ca.trusted(), False),
    ):
        async with grpc.aio.secure_channel(
            operator.address, credentials, options=CHANNEL_OPTIONS
        ) as channel:
            try:
                await add(LeaderboardServiceStub(channel), "cup", "ada", 5)
            except grpc.aio.AioRpcError:
                assert not served
            else:
                assert served


@pytest_asyncio.fixture(name="sentinels", params=list(Flavour))
async def _sentinels(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[SentinelStores]:
    """Yield two stores of each kind behind a sentinel."""
    require_redis_cli()
    require(request.param)
    async with SentinelStores(request.param, tmp_path) as stores:
        yield stores


async def test_sentinel_and_a_planned_failover(sentinels: SentinelStores, tmp_path: Path) -> None:
    """With the users of the page, a failover by its commands loses no write and no watch."""
    first, second = sentinels.stores
    operator = Operator(
        tmp_path / "home",
        {
            "s1:26379,s2:26379,s3:26379": f"127.0.0.1:{sentinels.port}",
            "sentinel_password=other": "sentinel_username=leaderboard&sentinel_password=other",
            "-h s1 -p 26379": f"-h 127.0.0.1 -p {sentinels.port}",
            "-h OLD_MASTER": f"-h 127.0.0.1 -p {first.port}",
        },
    )
    operator.run(block(_SENTINEL_ACL))
    for store in (first, second):
        line = block(_ACL).command.replace("-h redis.internal", f"-h 127.0.0.1 -p {store.port}")
        operator.run(Block(0, line, None))
    async with sentinels.sentinel_client() as sentinel:
        execute: Any = sentinel.execute_command
        # Sentinel's default: with less it takes a master whose writes pause for a dead one.
        await execute("SENTINEL SET", SERVICE, "down-after-milliseconds", "30000")
    try:
        server = operator.serve(block(_SENTINEL_SERVE))
        await _logged(server, '"store_checked"')
        channel, stub = _stub(operator.address)
        # Of all users: with fewer, a last write below them would bring no message for 15 s.
        async with channel, Watcher("cup", limit=50) as watcher:
            await watcher.open(stub)
            async with Load(stub, "cup") as load:
                await load.more_writes(100)
                pause, compare, fail_over = lines(block(_FAILOVER))
                operator.run(pause)
                await eventually(lambda: _in_step(operator.run(compare)), "a replica in step")
                operator.run(fail_over)
                await sentinels.becomes_master(second)
                await load.more_writes(100)
            board = await top(stub, "cup", limit=50)
            await watcher.reach(board.position)
            watcher.checker.assert_equals(board)
            assert await scores(stub, "cup") == load.scores
            assert watcher.checker.reasons == {"INITIAL": 1}
        assert '"master_moved"' in server.log.read_text()
    finally:
        operator.end()


async def test_a_master_without_replicas_refuses_writes(
    sentinels: SentinelStores, tmp_path: Path
) -> None:
    """With the settings of the page a master that has lost its replica takes no more writes."""
    first, _ = sentinels.stores
    async with (
        first.client() as client,
        ServiceProcess(tmp_path / "service", redis_url=sentinels.url) as service,
    ):
        settings = dict(_store_settings())
        assert settings
        for name, value in settings.items():
            await client.config_set(name, value)
        await add(service.stub, "cup", "ada", 5)

        await sentinels.break_replication()

        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await add(service.stub, "cup", "ada", 5)
        assert status_of(failed.value).metadata == {"cause": "too_few_replicas"}
        assert await scores(service.stub, "cup") == {"ada": 5}


def _store_settings() -> list[tuple[str, str]]:
    """Return the settings of the page's block of configuration."""
    text = PAGE.read_text(encoding="utf-8")
    (body,) = re.findall(r"```conf\n(.*?)```", text, re.DOTALL)
    return re.findall(r"^([a-z-]+) (\S+)$", body, re.MULTILINE)


def _in_step(shown: str) -> bool:
    """Return whether the offset of every replica is that of the master, by INFO replication."""
    (master,) = re.findall(r"master_repl_offset:(\d+)", shown)
    replicas = re.findall(r"slave\d+:.*offset=(\d+)", shown)
    assert set(replicas) == {master}, shown
    return True


async def test_backup_and_restore(tmp_path: Path) -> None:
    """After the steps of the page the backup's board is served, and old positions are refused."""
    operator = Operator(tmp_path / "home", {})
    backup, restore = block(_BACKUP), lines(block(_RESTORE))
    *steps, serve = restore
    try:
        server = operator.serve(serve)
        await _logged(server, '"store_checked"')
        channel, stub = _stub(operator.address)
        async with channel, Watcher("cup") as watcher:
            await add(stub, "cup", "ada", 5)
            await _stop(server)
            operator.run(backup)
            server = operator.serve(serve)
            await eventually(lambda: _answers(stub), "the server")
            await watcher.open(stub)
            lost = await add(stub, "cup", "bob", 7)
            await watcher.reach(lost.position)
            await watcher.hang_up()
            await _stop(server)

            for step in steps:
                operator.run(step)
            operator.serve(serve)
            await eventually(lambda: _answers(stub), "the server")
            other = await add(stub, "cup", "eve", 1)
            await watcher.open(stub, resume_after=lost.position)

            assert other.position.revision >= lost.position.revision
            await watcher.snapshot("NEW_EPOCH")
            await watcher.reach(other.position)
            assert await scores(stub, "cup") == {"ada": 5, "eve": 1}
    finally:
        operator.end()


async def _stop(server: ChildProcess) -> None:
    server.signal(signal.SIGTERM)
    assert await server.exited(within=20) == 0


async def _answers(stub: LeaderboardServiceStub) -> bool:
    try:
        await top(stub, "cup")
    except grpc.aio.AioRpcError:
        return False
    return True


async def test_new_epochs_of_a_store_of_your_own(store: StoreProcess, operator: Operator) -> None:
    """The user of a server can begin the epochs."""
    operator.run(block(_ACL))
    server = operator.serve(block(_STORE_URL))
    await _logged(server, '"store_checked"')
    channel, stub = _stub(operator.address)
    async with channel:
        before = await add(stub, "cup", "ada", 5)

        said = f"began a new epoch in 1 contest of {store.url}\n"
        assert operator.run(block(_OPERATOR_URL)) == said

        after = await top(stub, "cup")
        assert after.position.epoch != before.position.epoch
