"""TLS of callers: its versions, client certificates, silent handshakes, and renewed files."""

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from harness.certificates import Authority
from harness.gateway import GatewayProcess, gateway
from harness.http import parsed
from harness.waiting import eventually
from leaderboard_web.edge import acceptor
from web.edges import DATA, HANDSHAKE, WATCH, Edge, edge, request

NO_SERVER = "127.0.0.1:9"
"""Nothing listens there: a gateway serves its pages also without the service."""


def _files(folder: Path, authority: Authority) -> Path:
    authority.write(folder / "chain.pem", folder / "key.pem")
    return folder


def _trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.pem.decode())


async def _get(running: Edge, tls: ssl.SSLContext) -> str:
    reader, writer = await running.open(request(DATA), tls)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return parsed(answer).text


async def test_requests_and_websockets_are_encrypted(tmp_path: Path) -> None:
    """With a certificate the gateway speaks HTTPS and wss, TLS 1.2 and 1.3, and nothing else."""
    authority = Authority()
    async with edge(tls=_files(tmp_path, authority)) as running:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            trusting = _trusting(authority)
            trusting.minimum_version = trusting.maximum_version = version
            assert await _get(running, trusting) == "https 127.0.0.1"
        reader, writer = await running.open(request(WATCH, **HANDSHAKE), trusting)
        await reader.readuntil(b"hello")
        writer.close()
        plain, writer = await running.open(request(DATA))
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(5):
                assert b"HTTP" not in await plain.read()
        writer.close()
        await eventually(lambda: not running.connections.open, "the end of all connections")
        assert running.ended == {"malformed": 1}


async def test_old_versions_are_refused(tmp_path: Path) -> None:
    """A caller that speaks TLS 1.1 at most is refused in the handshake."""
    authority = Authority()
    async with edge(tls=_files(tmp_path, authority)) as running:
        old = _trusting(authority)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSVersion"):
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await _get(running, old)


async def test_client_certificates_may_be_required(tmp_path: Path) -> None:
    """With a CA for clients only callers with a certificate of it are served."""
    authority, other = Authority(), Authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    async with edge(tls=_files(tmp_path, authority)) as running:
        for certified, served in [(None, False), (other, False), (authority, True)]:
            trusting = _trusting(authority)
            if certified:
                certified.caller.configure_cert(trusting)
            if served:
                assert await _get(running, trusting) == "https 127.0.0.1"
            else:
                with pytest.raises((OSError, IndexError)):
                    await _get(running, trusting)


async def test_a_handshake_has_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that never begins the handshake is counted from the start, and ends."""
    monkeypatch.setattr(acceptor, "HANDSHAKE_TIMEOUT_S", 0.3)
    authority = Authority()
    async with edge(tls=_files(tmp_path, authority), per_address=3) as running:
        silent = [await running.open() for _ in range(3)]
        await eventually(lambda: running.connections.open == 3, "three open connections")
        reader, writer = await running.open()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        assert running.ended["refused"] == 1
        await eventually(lambda: not running.connections.open, "the end of silent connections")
        assert await _get(running, _trusting(authority)) == "https 127.0.0.1"
        for _, each in (*silent, (reader, writer)):
            each.close()


async def test_silent_handshakes_make_room(tmp_path: Path) -> None:
    """At the limit a connection whose handshake is not complete makes room for another one."""
    authority = Authority()
    async with edge(tls=_files(tmp_path, authority), total=5) as running:
        silent = [await running.open() for _ in range(5)]
        await eventually(lambda: running.connections.open == 5, "five open connections")
        assert await _get(running, _trusting(authority)) == "https 127.0.0.1"
        for _, writer in silent:
            writer.close()


def test_renewed_files_are_used(tmp_path: Path) -> None:
    """New connections get a renewed certificate, open ones go on; broken files change nothing."""
    first, second = Authority(), Authority()
    folder = _files(tmp_path, first)
    options = ("--tls-cert", str(folder / "chain.pem"), "--tls-key", str(folder / "key.pem"))
    with gateway(NO_SERVER, *options) as process:
        with _connected(process, first) as kept:
            _files(folder, second)
            process.wait(lambda: "tls_renewed" in process.log)
            with _connected(process, second) as renewed:
                _ask(renewed)
            with pytest.raises(ssl.SSLError):
                _connected(process, first)
            _ask(kept)
        (folder / "key.pem").write_text("broken")
        process.wait(lambda: "tls_unusable" in process.log)
        with _connected(process, second) as still:
            _ask(still)


def _connected(process: GatewayProcess, authority: Authority) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", process.port), timeout=5)
    try:
        return _trusting(authority).wrap_socket(plain, server_hostname="localhost")
    except BaseException:
        plain.close()
        raise


def _ask(connected: ssl.SSLSocket) -> None:
    connected.sendall(request("/openapi.json", "HEAD", Connection="keep-alive"))
    assert connected.recv(100).startswith(b"HTTP/1.1 200 OK")
