"""How a listener goes away, and TLS."""

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


async def test_draining_tells_clients_at_once_and_finishes_calls() -> None:
    """GOAWAY comes early, the call under way is answered, and nobody gets in any more."""
    async with serve() as served, connect(served.port) as client:
        stream = await client.begin(HANG)
        await client.data(stream, framed(b"x"))
        await asyncio.wait_for(served.service.begun.wait(), 10)
        served.front.drain()
        await client.until(lambda: client.seen(h2.events.ConnectionTerminated))
        await until_refused(served.port)
        served.service.go.set()
        assert (await client.ended(stream))["grpc-status"] == "0"
        await client.until_lost()


async def test_stopping_waits_for_calls_within_the_grace() -> None:
    """A call that ends in time is answered, and stop returns when it is."""
    async with serve() as served:
        call = asyncio.ensure_future(served.unary(HANG)(b"x"))
        await asyncio.wait_for(served.service.begun.wait(), 10)
        stopping = asyncio.ensure_future(served.stop(60))
        await until_refused(served.port)
        assert not stopping.done()
        served.service.go.set()
        assert await call == b"x"
        await asyncio.wait_for(stopping, 10)


async def until_refused(port: int) -> None:
    """Wait until nobody listens on a port."""
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
            while True:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()


async def test_stopping_ends_calls_after_the_grace() -> None:
    """Calls and streams that don't end get UNAVAILABLE, and their handlers are cancelled."""
    async with serve() as served, connect(served.port, window=0) as client:
        call = asyncio.ensure_future(served.unary(HANG)(b"x"))
        watch = served.stream(WATCH)(b"topic")
        await watch.read()
        await client.data(await client.begin(WATCH), framed(b"topic"))
        await until(lambda: served.service.watching == 2)
        begun = time.monotonic()
        await served.stop(0.2)
        assert time.monotonic() - begun < 10
        for ended in (call, watch.read()):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await ended
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert served.service.cancelled.is_set()
        assert served.service.watching == 0
        assert not served.listener._running


async def test_a_rolling_stop_fails_no_call() -> None:
    """A busy client moves to another listener on the same port without an error."""
    async with serve(reuse_port=True) as first:
        answered = 0
        stopped = asyncio.Event()

        async def ask() -> None:
            nonlocal answered
            while not stopped.is_set():
                answer = await first.unary(ECHO)(b"x", wait_for_ready=True)
                assert answer == b"x"
                answered += 1

        tasks = [asyncio.create_task(ask()) for _ in range(20)]
        await until(lambda: answered > 200)
        async with serve(reuse_port=True, address=first.address):
            await first.stop(10)
            before = answered
            await until(lambda: answered > before + 200)
            stopped.set()
            await asyncio.gather(*tasks)


async def test_an_old_connection_is_asked_to_go() -> None:
    """After its age a connection gets GOAWAY; clients go on with another one."""
    async with serve(max_connection_age_s=0.2) as served, connect(served.port) as client:
        await client.until(lambda: client.seen(h2.events.ConnectionTerminated))
        await client.until_lost()
        assert await served.unary(ECHO)(b"x") == b"x"


class Authority:
    """A certificate authority with a server's and a client's certificate."""

    def __init__(self) -> None:
        self.authority = trustme.CA()
        self.root = self.authority.cert_pem.bytes()
        self.chain, self.key = self._issue("localhost")
        self.client_chain, self.client_key = self._issue("client@example.com")

    def _issue(self, name: str) -> tuple[bytes, bytes]:
        issued = self.authority.issue_cert(name)
        chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
        return chain, issued.private_key_pem.bytes()


async def ask_with_tls(
    served: Served, root: bytes, key: bytes | None, chain: bytes | None
) -> bytes:
    """Make a call over a TLS connection of its own."""
    credentials = grpc.ssl_channel_credentials(root, key, chain)
    options = [("grpc.use_local_subchannel_pool", 1)]
    address = f"localhost:{served.port}"
    async with grpc.aio.secure_channel(address, credentials, options=options) as channel:
        echo: Any = channel.unary_unary(ECHO)
        answer: bytes = await echo(b"secret", timeout=10)
        return answer


async def test_tls_and_its_renewal() -> None:
    """New connections get the certificate that was set last, and plain ones are not served."""
    old, new = Authority(), Authority()
    async with serve() as served:
        served.front.set_tls(old.chain, old.key)
        assert await ask_with_tls(served, old.root, None, None) == b"secret"
        served.front.set_tls(new.chain, new.key)
        assert await ask_with_tls(served, new.root, None, None) == b"secret"
        with pytest.raises(grpc.aio.AioRpcError):
            await ask_with_tls(served, old.root, None, None)
        with pytest.raises(grpc.aio.AioRpcError):
            await served.unary(ECHO)(b"plain", timeout=10)


async def test_clients_have_to_show_a_certificate_where_asked() -> None:
    """With an authority for clients, only those it certified are served."""
    ours, theirs = Authority(), Authority()
    async with serve() as served:
        served.front.set_tls(ours.chain, ours.key, ours.root)
        shown = ours.client_key, ours.client_chain
        assert await ask_with_tls(served, ours.root, *shown) == b"secret"
        for key, chain in ((None, None), (theirs.client_key, theirs.client_chain)):
            with pytest.raises(grpc.aio.AioRpcError):
                await ask_with_tls(served, ours.root, key, chain)


async def test_wrong_tls_files_are_a_value_error() -> None:
    """Texts that are no certificates, or don't belong together, are refused."""
    one, other = Authority(), Authority()
    async with serve() as served:
        for chain, key in ((b"", b""), (one.chain, b"nonsense"), (one.chain, other.key)):
            with pytest.raises(ValueError, match=r"."):
                served.front.set_tls(chain, key)
        with pytest.raises(grpc.aio.AioRpcError, match="ValueError"):
            await served.unary(FAIL)(b"still plain")
