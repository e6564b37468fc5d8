"""`doctor` checks the store itself, where its URL is known."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Run
from cli.doctor_results import found
from cli.fake_service import FakeService
from harness.refusals import SAVE_FAILED
from harness.stores import StoreProcess
from leaderboard_cli.failures import ExitCode

pytestmark = pytest.mark.usefixtures("unhurried")


async def test_the_store_itself(
    fake: FakeService, own_store: StoreProcess, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the store's URL its settings are checked; a warning is the exit code of warnings."""
    monkeypatch.setenv("LEADERBOARD_REDIS_URL", own_store.url)
    good = await asyncio.to_thread(found, run)
    async with own_store.client() as client:
        await client.config_set("appendfsync", "everysec")
    outcome = await asyncio.to_thread(run, "doctor")

    assert good["store itself"]["verdict"] == "OK"
    assert f"{own_store.url} is Valkey 9" in good["store itself"]["found"]
    assert "primary, maxmemory-policy noeviction" in good["store itself"]["found"]
    assert not [name for name in good if name.startswith("store setting")]
    assert outcome.code == ExitCode.WARNED
    assert "WARN   store setting appendfsync" in outcome.out
    assert "→ set appendfsync to always" in outcome.out


async def test_a_password_from_a_file(
    fake: FakeService, own_store: StoreProcess, run: Run, tmp_path: Path
) -> None:
    """The store is checked with the password of the file; one that is missing is a FAIL."""
    password = tmp_path / "password"
    options = ("--redis-url", own_store.url, "--redis-password-file", str(password))
    async with own_store.client() as client:
        await client.config_set("requirepass", "s3cret")

    missing = (await asyncio.to_thread(found, run, *options))["store itself"]
    password.write_text("s3cret\n")
    good = (await asyncio.to_thread(found, run, *options))["store itself"]

    assert (missing["verdict"], good["verdict"]) == ("FAIL", "OK")
    assert f"can't read {password}" in missing["found"]


@pytest.mark.parametrize("url", ["redis://u:s3cret@127.0.0.1:1/0", "nonsense://u:s3cret@x"])
def test_a_store_that_is_not_there(fake: FakeService, run: Run, url: str) -> None:
    """A store that can't be reached, or a URL that can't be used, is a FAIL without a secret."""
    outcome = run("doctor", "--redis-url", url)

    assert outcome.code == ExitCode.FAILED
    assert "FAIL   store itself" in outcome.out
    assert "s3cret" not in outcome.out + outcome.err


def test_the_store_without_the_server_package(
    fake: FakeService, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no package contributes checks of the store, it is not checked, and that is said."""
    monkeypatch.setattr("leaderboard_cli.doctor.store.entry_points", lambda **_: ())

    store = found(run, "--redis-url", "redis://127.0.0.1:1")["store itself"]

    assert store["verdict"] == "UNKNOWN"
    assert "leaderboard-server" in store["found"]


async def test_a_store_that_cannot_save(
    fake: FakeService, own_store: StoreProcess, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that serves reads and refuses writes says so, and its other facts are checked."""
    monkeypatch.setenv("LEADERBOARD_REDIS_URL", own_store.url)
    async with SAVE_FAILED.of(own_store):
        checks = await asyncio.to_thread(found, run)

    assert checks["store itself"]["verdict"] == "OK"
    assert checks["store writes"]["verdict"] == "FAIL"
    assert checks["store writes"]["found"].startswith("it refuses them: MISCONF")
    assert "its disk" in checks["store writes"]["to_do"]


async def test_a_user_without_ping(
    fake: FakeService, own_store: StoreProcess, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right that the command itself needs is named like any other."""
    url = own_store.url.replace("redis://", "redis://limited:secret@")
    monkeypatch.setenv("LEADERBOARD_REDIS_URL", url)
    async with own_store.client() as client:
        execute: Any = client.execute_command
        rights = ("on", ">secret", "~*", "&*", "+@all", "-ping")
        await execute("ACL", "SETUSER", "limited", *rights)

    checks = await asyncio.to_thread(found, run)

    assert checks["store itself"]["verdict"] == "OK"
    assert checks["store rights"]["found"] == "its user may not run: PING"
