"""The checks of a store: role, version, settings and rights, on each kind of store."""

import asyncio
import re
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from conftest import require
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually
from leaderboard_server.storage import scripts
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.store_checks import Finding, Severity, check
from leaderboard_server.storage.store_facts import SETTINGS, needed_commands, read_facts
from storage.scripted_store import ScriptedStore


@pytest_asyncio.fixture(name="checked", params=list(Flavour))
async def _checked(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoreProcess]:
    """Yield a store of each kind that the test may change."""
    require(request.param)
    store = StoreProcess(request.param, tmp_path / "store")
    await store.start()
    yield store
    store.end()


async def _findings(url: str) -> list[Finding]:
    driver = connect(url)
    try:
        return check(await read_facts(driver))
    finally:
        await driver.aclose()


async def test_nothing_is_found_in_a_store_as_documented(checked: StoreProcess) -> None:
    """A primary with the documented settings and all rights has no finding; its version is read."""
    async with checked.client() as client:
        facts = await read_facts(client)

    assert check(facts) == []
    assert facts.version is not None
    assert facts.version.startswith("Valkey 9" if checked.flavour is Flavour.VALKEY else "Redis 7")
    assert dict(facts.settings) == {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
    }


@pytest.mark.parametrize(
    ("setting", "value", "promise"),
    [
        ("maxmemory-policy", "allkeys-lru", "promises 1 to 6"),
        ("appendonly", "no", "promise 9"),
        ("appendfsync", "everysec", "promise 9"),
        ("no-appendfsync-on-rewrite", "yes", "promise 9"),
    ],
)
async def test_a_setting_that_breaks_a_promise_is_a_warning(
    checked: StoreProcess, setting: str, value: str, promise: str
) -> None:
    """The warning names the setting, its value, the promise and the value to set."""
    async with checked.client() as client:
        await client.config_set(setting, value)

    (finding,) = await _findings(checked.url)

    assert (finding.event, finding.severity) == ("store_setting", Severity.WARNING)
    assert f"{setting} is {value}" in finding.reason
    assert promise in finding.reason
    assert finding.to_do.startswith(f"set {setting} to ")


@pytest.mark.parametrize("read_only", ["yes", "no"])
async def test_a_replica_is_an_error(checked: StoreProcess, read_only: str) -> None:
    """A replica is found by its role, with the address of its primary, also a writable one."""
    async with checked.client() as client:
        await client.config_set("replica-read-only", read_only)
        await client.replicaof("127.0.0.1", "1")

    (finding,) = await _findings(checked.url)

    assert (finding.event, finding.severity) == ("store_is_replica", Severity.ERROR)
    assert "replica of 127.0.0.1:1" in finding.reason


async def test_facts_that_a_user_may_not_read_are_unknown(checked: StoreProcess) -> None:
    """Without INFO and CONFIG GET the role and the settings are unknown, which is no error."""
    async with checked.client() as client:
        await _set_user(client, "~*", "&*", "+@all", "-info", "-config")

    findings = await _findings(_as_user(checked))

    assert [finding.event for finding in findings] == ["store_unknown"] * 2
    assert {finding.severity for finding in findings} == {Severity.INFO}
    assert "+info" in findings[0].to_do
    assert all(setting in findings[1].reason for setting in SETTINGS)


async def test_info_alone_shows_all_but_the_sync(checked: StoreProcess) -> None:
    """With the right to INFO a wrong policy is found also without CONFIG GET."""
    async with checked.client() as client:
        await client.config_set("maxmemory-policy", "volatile-ttl")
        await client.config_set("appendonly", "no")
        await _set_user(client, "~*", "&*", "+@all", "-config")

    *wrong, unknown = await _findings(_as_user(checked))

    assert [finding.subject for finding in wrong] == [
        "setting maxmemory-policy",
        "setting appendonly",
    ]
    assert "appendfsync" in unknown.reason
    assert "appendonly" not in unknown.reason


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        (("~*", "&*", "+@all", "-zadd"), "ZADD leaderboard:contest:{check}"),
        (("~*", "&other", "+@all"), "SUBSCRIBE leaderboard:{check}"),
        (("~leaderboard:other:*", "&*", "+@all"), "HSET leaderboard:contest:{check}:users"),
        (("~*", "&*", "+@all", "-ping"), "PING"),
        (("~*", "&*", "+@all", "-eval"), "EVAL"),
    ],
)
async def test_a_missing_right_is_an_error(
    checked: StoreProcess, rights: tuple[str, ...], missing: str
) -> None:
    """A missing command, key or channel is named; the check runs and writes nothing."""
    async with checked.client() as client:
        await _set_user(client, *rights)

        (finding,) = await _findings(_as_user(checked))

        assert (finding.event, finding.severity) == ("store_no_rights", Severity.ERROR)
        assert missing in finding.reason
        assert await client.dbsize() == 0


def test_the_rights_are_those_that_the_scripts_use() -> None:
    """Each command of a script is among the checked ones, and no other one but the server's own."""
    used = set()
    for file in resources.files(scripts).iterdir():
        if file.name.endswith(".lua") and "in_cluster" not in file.name:
            source = re.sub(r"--.*", "", file.read_text(encoding="utf-8"))
            used |= set(re.findall(r"\bp?call\('([A-Z]+)'", source))

    own = {"PING", "CLIENT", "EVALSHA", "EVAL", "SCAN"}
    plain = used | own | {"SUBSCRIBE", "UNSUBSCRIBE"}
    sharded = (used | own | {"SSUBSCRIBE", "SUNSUBSCRIBE", "SPUBLISH"}) - {"PUBLISH"}
    assert {command[0] for command in needed_commands()} == plain
    in_cluster = {command[0] for command in needed_commands(in_cluster=True)}
    assert in_cluster == sharded | {"CLUSTER", "ASKING"}


async def test_an_old_store_is_an_error() -> None:
    """A store before version 7.0, whose scripts have no flags, is named with its version."""
    async with ScriptedStore() as old:
        finding = asyncio.create_task(_findings(old.url))
        info = b"# Server\r\nredis_version:6.2.14\r\nrole:master\r\nmaxmemory_policy:noeviction"
        await _answer(old, 1, b"$%d\r\n%s" % (len(info), info))
        await _answer(old, 2, b"-ERR wrong number of arguments for 'config|get' command")
        await _answer(old, 3, b"-ERR Error compiling script: unexpected symbol near '#'")

        first, *others = await finding

    assert (first.event, first.severity) == ("store_too_old", Severity.ERROR)
    assert "Redis 6.2.14" in first.reason
    assert {other.severity for other in others} == {Severity.INFO}


async def _answer(store: ScriptedStore, number: int, reply: bytes) -> None:
    await store.received(number)
    await eventually(lambda: store.connections > 0, "a connection")
    store.reply(reply)


async def _set_user(client: Redis, *rights: str) -> None:
    execute: Any = client.execute_command
    await execute("ACL", "SETUSER", "limited", "reset", "on", ">secret", *rights)


def _as_user(store: StoreProcess) -> str:
    return store.url.replace("redis://", "redis://limited:secret@")
