"""The password of the store in a file: read for each connection, changed without a restart."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from harness.certificates import Authority
from harness.sentinel import SentinelStores
from harness.stores import Flavour, StoreProcess
from leaderboard_server.storage.connection import StoreUrlInvalid, connect
from leaderboard_server.storage.password_file import (
    MAX_BYTES,
    PasswordFileUnusable,
    read_password,
)

_FIRST, _SECOND = "f1rst p@ss#word", "sec0nd:pässword/"


@contextlib.asynccontextmanager
async def _behind_tls(store: StoreProcess, folder: Path) -> AsyncIterator[str]:
    """Serve a store over TLS, and yield its URL."""
    authority = Authority()
    (folder / "ca.pem").write_bytes(authority.pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.server.configure_cert(context)

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                target.write(data)
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_store, to_store = await asyncio.open_connection("127.0.0.1", store.port)
        await asyncio.gather(copy(reader, to_store), copy(from_store, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"rediss://writer@127.0.0.1:{port}/0?ssl_ca_certs={folder / 'ca.pem'}"


@pytest_asyncio.fixture(name="url", params=["redis", "rediss", "unix", "redis+sentinel"])
async def _url(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[str, StoreProcess]]:
    """Yield the URL of a store, with a user and without a password, and the store."""
    async with contextlib.AsyncExitStack() as stack:
        if request.param == "redis+sentinel":
            stores = SentinelStores(Flavour.VALKEY, tmp_path)
            await stack.enter_async_context(stores)
            yield stores.url.replace("://", "://writer@"), stores.stores[0]
            return
        store = StoreProcess(Flavour.VALKEY, tmp_path / "store")
        await store.start()
        stack.callback(store.end)
        if request.param == "rediss":
            yield await stack.enter_async_context(_behind_tls(store, tmp_path)), store
        else:
            plain = store.url if request.param == "redis" else store.socket_url
            yield plain.replace("://", "://writer@"), store


async def test_a_password_is_changed_without_a_restart(
    url: tuple[str, StoreProcess], tmp_path: Path
) -> None:
    """A new connection uses the current password; an unreadable file leaves the earlier one."""
    address, store = url
    file = tmp_path / "password"
    file.write_text(f"{_FIRST}\n", encoding="utf-8")
    async with store.client() as admin, connect(address, file) as client:
        await _set_password(admin, _FIRST)
        with capture_logs() as log:
            assert await client.acl_whoami() == "writer"
            assert not log

            await _set_password(admin, _SECOND)
            with pytest.raises(RedisError, match="invalid username-password"):
                await _reconnect(client)
            file.write_text(_SECOND, encoding="utf-8")
            await _reconnect(client)
            file.unlink()
            await _reconnect(client)
            await _reconnect(client)
            file.write_text(f"{_SECOND}\r\n", encoding="utf-8")
            await _reconnect(client)

    events = [(entry["event"], entry["log_level"]) for entry in log]
    assert events == [("password_renewed", "info"), ("password_unusable", "error")]
    assert not any(password in str(log) for password in (_FIRST, _SECOND))


async def test_without_a_user_it_is_the_password_of_the_default_one(
    own_store: StoreProcess, tmp_path: Path
) -> None:
    """A URL that names no user has the password of the store's default user."""
    file = tmp_path / "password"
    file.write_text(_FIRST, encoding="utf-8")
    async with own_store.client() as admin:
        await admin.config_set("requirepass", _FIRST)

    async with connect(own_store.url, file) as client:
        assert await client.acl_whoami() == "default"


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b"secret\n\n", "secret\n"),
        (b" s3cret \t", " s3cret \t"),
        ("pässwort\n".encode(), "pässwort"),
    ],
)
def test_one_newline_at_the_end_is_dropped(tmp_path: Path, content: bytes, password: str) -> None:
    """Everything else belongs to the password."""
    file = tmp_path / "password"
    file.write_bytes(content)

    assert read_password(file) == password


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfes3cret", "is not UTF-8"),
        (b"s3cret" * MAX_BYTES, "is longer than 65,536 bytes"),
    ],
)
def test_a_file_without_a_password_is_an_error(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    """The error names the file, and shows nothing of what is in it."""
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(PasswordFileUnusable, match=reason) as unusable:
        connect("redis://127.0.0.1:1", file)
    assert str(file) in str(unusable.value)
    assert "s3cret" not in str(unusable.value)


def test_a_folder_or_a_pipe_is_an_error(tmp_path: Path) -> None:
    """What can't be read again for each connection is rejected, without waiting for a writer."""
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(PasswordFileUnusable, match="is no regular file"):
            read_password(path)


def test_two_passwords_are_an_error(tmp_path: Path) -> None:
    """A password in the URL and one in a file are never both used."""
    file = tmp_path / "password"
    file.write_text(_FIRST, encoding="utf-8")

    with pytest.raises(StoreUrlInvalid):
        connect("redis://writer:other@127.0.0.1:1", file)


async def _set_password(admin: Redis, password: str) -> None:
    execute: Any = admin.execute_command
    rights = ("on", "resetpass", f">{password}", "~*", "&*", "+@all")
    await execute("ACL", "SETUSER", "writer", *rights)


async def _reconnect(client: Redis) -> None:
    """Ping over a new connection."""
    await client.connection_pool.disconnect()
    assert await client.ping()
