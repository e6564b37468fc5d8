"""Draining and stopping a listener, and TLS."""

import asyncio
import contextlib
import time
from typing import Any

import grpc
import h2.events
import pytest
import trustme

from front.listeners import ECHO, FAIL, HANG, WATCH, Served, serve, until
from front.raw_client import connect, framed


async def test_draining_sends_goaway_at_once_and_finishes_calls() -> None:
    """GOAWAY comes early, the call in flight succeeds, and new connections are refused."""
    async with serve() as served, connect(served.port) as client:
        stream = await client.start(HANG)
        await client.data(stream, framed(b"x"))
        await asyncio.wait_for(served.service.started.wait(), 10)
        served.front.drain()
        await client.until(lambda: client.seen(h2.events.ConnectionTerminated))
        await until_refused(served.port)
        served.service.go.set()
        assert (await client.ended(stream))["grpc-status"] == "0"
        await client.until_lost()


async def test_stopping_waits_for_calls_within_the_grace() -> None:
    """A call that ends in time succeeds, and stop returns after it."""
    async with serve() as served:
        call = asyncio.ensure_future(served.unary(HANG)(b"x"))
        await asyncio.wait_for(served.service.started.wait(), 10)
        stopping = asyncio.ensure_future(served.stop(60))
        await until_refused(served.port)
        assert not stopping.done()
        served.service.go.set()
        assert await call == b"x"
        await asyncio.wait_for(stopping, 10)


async def until_refused(port: int) -> None:
    """Wait until connections to a port are refused."""
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
            while True:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()


async def test_stopping_ends_calls_after_the_grace() -> None:
    """Calls and streams that don't end get UNAVAILABLE, and their handlers are cancelled."""
    async with serve() as served, connect(served.port, window=0) as client:
        call = asyncio.ensure_future(served.unary(HANG)(b"x"))
        watch = served.stream(WATCH)(b"group")
        await watch.read()
        await client.data(await client.start(WATCH), framed(b"group"))
        await until(lambda: served.service.watching == 2)
        started_at = time.monotonic()
        await served.stop(0.2)
        assert time.monotonic() - started_at < 10
        for ended in (call, watch.read()):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await ended
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert served.service.cancelled.is_set()
        assert served.service.watching == 0
        assert not served.service.running


async def test_a_rolling_stop_fails_no_call() -> None:
    """A busy client moves to another listener on the same port without an error."""
    async with serve(reuse_port=True) as first:
        succeeded = 0
        stopped = asyncio.Event()

        async def call() -> None:
            nonlocal succeeded
            while not stopped.is_set():
                response = await first.unary(ECHO)(b"x", wait_for_ready=True)
                assert response == b"x"
                succeeded += 1

        tasks = [asyncio.create_task(call()) for _ in range(20)]
        await until(lambda: succeeded > 200)
        async with serve(reuse_port=True, address=first.address):
            await first.stop(10)
            before = succeeded
            await until(lambda: succeeded > before + 200)
            stopped.set()
            await asyncio.gather(*tasks)


class Authority:
    """A certificate authority with a server's and a client's certificate."""

    def __init__(self) -> None:
        self.ca = trustme.CA()
        self.root = self.ca.cert_pem.bytes()
        self.chain, self.key = self._issue("localhost")
        self.client_chain, self.client_key = self._issue("client@example.com")

    def _issue(self, name: str) -> tuple[bytes, bytes]:
        issued = self.ca.issue_cert(name)
        chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
        return chain, issued.private_key_pem.bytes()


async def call_with_tls(
    served: Served, root: bytes, key: bytes | None, chain: bytes | None
) -> bytes:
    """Make a call over a TLS connection of its own."""
    credentials = grpc.ssl_channel_credentials(root, key, chain)
    options = [("grpc.use_local_subchannel_pool", 1)]
    address = f"localhost:{served.port}"
    async with grpc.aio.secure_channel(address, credentials, options=options) as channel:
        echo: Any = channel.unary_unary(ECHO)
        response: bytes = await echo(b"secret", timeout=10)
        return response


async def test_tls_and_its_renewal() -> None:
    """New connections get the certificate that was set last, and plain ones are not served."""
    old, new = Authority(), Authority()
    async with serve() as served:
        served.front.set_tls(old.chain, old.key)
        assert await call_with_tls(served, old.root, None, None) == b"secret"
        served.front.set_tls(new.chain, new.key)
        assert await call_with_tls(served, new.root, None, None) == b"secret"
        with pytest.raises(grpc.aio.AioRpcError):
            await call_with_tls(served, old.root, None, None)
        with pytest.raises(grpc.aio.AioRpcError):
            await served.unary(ECHO)(b"plain", timeout=10)


async def test_clients_need_a_certificate_where_a_client_ca_is_set() -> None:
    """With a CA for clients, only clients with its certificate are served."""
    ours, theirs = Authority(), Authority()
    async with serve() as served:
        served.front.set_tls(ours.chain, ours.key, ours.root)
        certified = ours.client_key, ours.client_chain
        assert await call_with_tls(served, ours.root, *certified) == b"secret"
        for key, chain in ((None, None), (theirs.client_key, theirs.client_chain)):
            with pytest.raises(grpc.aio.AioRpcError):
                await call_with_tls(served, ours.root, key, chain)


async def test_wrong_tls_files_are_a_value_error() -> None:
    """Invalid certificates, and a key of another certificate, are rejected."""
    one, other = Authority(), Authority()
    async with serve() as served:
        for chain, key in ((b"", b""), (one.chain, b"nonsense"), (one.chain, other.key)):
            with pytest.raises(ValueError, match=r"."):
                served.front.set_tls(chain, key)
        with pytest.raises(grpc.aio.AioRpcError, match="ValueError"):
            await served.unary(FAIL)(b"still plain")
