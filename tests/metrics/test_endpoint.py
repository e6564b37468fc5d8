"""The HTTP endpoint of metrics and probes, alone, and with readers that mean it harm."""

import asyncio
import contextlib
import gzip
import socket
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from harness.http import exchange, get, parsed, request
from harness.waiting import eventually
from leaderboard_server.metrics import endpoint
from leaderboard_server.metrics.catalogue import CALLS_LIMIT, REFUSALS, STORE_RESENDS
from leaderboard_server.metrics.endpoint import MetricsEndpoint, Observed
from leaderboard_server.metrics.instruments import Instruments


@dataclass
class _Server:
    """A server that is observed, as the test wants it to be."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    unready: str = ""
    dead: str = ""
    collecting: int = 0
    collected: int = 0
    most_at_once: int = 0
    address: str = ""

    def __post_init__(self) -> None:
        self.instruments = Instruments(self.registry)

    async def collect(self) -> CollectorRegistry:
        """See `Observed`."""
        self.collecting += 1
        self.collected += 1
        self.most_at_once = max(self.most_at_once, self.collecting)
        await asyncio.sleep(0)
        self.collecting -= 1
        return self.registry


@contextlib.asynccontextmanager
async def _served(server: _Server) -> AsyncIterator[MetricsEndpoint]:
    observed = Observed(
        collect=server.collect, unready=lambda: server.unready, dead=lambda: server.dead
    )
    served = MetricsEndpoint("127.0.0.1:0", observed)
    server.address = f"127.0.0.1:{await served.start()}"
    try:
        yield served
    finally:
        await served.close()


@pytest_asyncio.fixture(name="server")
async def _server() -> AsyncIterator[_Server]:
    """Yield a server whose endpoint is open."""
    server = _Server()
    async with _served(server):
        yield server


async def test_metrics_are_served_in_the_format_that_is_asked_for(server: _Server) -> None:
    """Text by default, OpenMetrics and gzip by the headers of the request."""
    server.instruments.counter(STORE_RESENDS).add(3)

    plain = await get(server.address, "/metrics")
    asked = await get(
        server.address,
        "/metrics",
        Accept="application/openmetrics-text; version=1.0.0",
        Accept_Encoding="gzip",
    )

    assert plain.status == asked.status == 200
    assert plain.headers["content-type"].startswith("text/plain")
    assert "leaderboard_store_resends_total 3.0" in plain.text
    assert asked.headers["content-type"].startswith("application/openmetrics-text")
    assert gzip.decompress(asked.body).endswith(b"# EOF\n")


async def test_probes_say_what_is_wrong(server: _Server) -> None:
    """A probe gets 200, or 503 with the reason."""
    assert (await get(server.address, "/readyz")).status == 200
    assert (await get(server.address, "/livez")).status == 200
    server.unready, server.dead = "no store", "a worker hangs"

    ready, live = await get(server.address, "/readyz"), await get(server.address, "/livez")

    assert (ready.status, ready.text) == (503, "no store\n")
    assert (live.status, live.text) == (503, "a worker hangs\n")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/", "GET", 404), ("/metrics/x", "GET", 404), ("/metrics", "POST", 405)],
)
async def test_nothing_else_is_served(server: _Server, path: str, method: str, status: int) -> None:
    """Other paths and methods are refused."""
    assert (await get(server.address, path, method)).status == status


async def test_a_metric_that_fails_is_an_error_of_the_scrape_alone(server: _Server) -> None:
    """The reader gets 500 without a trace, and later scrapes are served."""

    def fail() -> float:
        if server.unready:
            raise ZeroDivisionError("secret")
        return 1.0

    server.instruments.set_gauge(CALLS_LIMIT, fail)
    server.unready = "fail"
    failed = await get(server.address, "/metrics")
    server.unready = ""

    assert (failed.status, failed.text) == (500, "internal error\n")
    assert (await get(server.address, "/metrics")).status == 200


async def test_texts_are_made_one_after_the_other(server: _Server) -> None:
    """However many readers there are, the event loop makes one text at a time."""
    responses = await asyncio.gather(*(get(server.address, "/metrics") for _ in range(5)))

    assert {response.status for response in responses} == {200}
    assert server.most_at_once == 1


async def test_readers_that_left_are_not_served(server: _Server) -> None:
    """No text is made for connections that ended meanwhile, so they keep nobody waiting."""
    host, _, port = server.address.rpartition(":")

    async def leave() -> None:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(request("/metrics"))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(leave() for _ in range(20)))

    assert (await get(server.address, "/metrics")).status == 200
    assert server.collected < 10


async def test_a_connection_has_one_request(server: _Server) -> None:
    """A second request on a connection is not answered."""
    answer = await exchange(server.address, 2 * request("/livez"))

    assert parsed(answer).status == 200


async def test_slow_headers_end_a_connection(
    server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that never completes its request is disconnected, with whatever it sends."""
    monkeypatch.setattr(endpoint, "REQUEST_TIMEOUT_S", 0.2)
    host, _, port = server.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /metrics HTTP/1.1\r\n")

    async def trickle() -> None:
        while True:
            writer.write(b"x: y\r\n")
            await asyncio.sleep(0.02)

    trickling = asyncio.create_task(trickle())
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionError):
            assert await reader.read(-1) == b""
    trickling.cancel()
    writer.close()


async def test_a_reader_that_reads_nothing_is_disconnected(
    server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that nobody reads is dropped after the time for a request, with its connection."""
    for number in range(50_000):
        server.instruments.counter(REFUSALS, limit=f"{number:0100}")
    monkeypatch.setattr(endpoint, "REQUEST_TIMEOUT_S", 1.0)
    monkeypatch.setattr(endpoint, "MAX_CONNECTIONS", 1)
    host, _, port = server.address.rpartition(":")
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        silent.setblocking(False)  # noqa: FBT003 - as the socket module has it
        loop = asyncio.get_running_loop()
        await loop.sock_connect(silent, (host, int(port)))
        await loop.sock_sendall(silent, request("/metrics"))
        await eventually(lambda: server.most_at_once == 1, "the text is made")

        await eventually(lambda: _serves(server), "room for another connection")


async def _serves(server: _Server) -> bool:
    try:
        return (await get(server.address, "/livez")).status == 200
    except (ConnectionError, IndexError):
        return False


async def test_silent_connections_keep_no_probe_out(server: _Server) -> None:
    """One connection too many closes the oldest one without a request."""
    host, _, port = server.address.rpartition(":")
    opened = [
        await asyncio.open_connection(host, int(port)) for _ in range(endpoint.MAX_CONNECTIONS)
    ]
    for _ in range(20):
        opened.append(await asyncio.open_connection(host, int(port)))
        assert await _serves(server)
    with contextlib.suppress(ConnectionError):
        assert await opened[0][0].read() == b""
    assert not opened[-1][0].at_eof()
    for _, writer in opened:
        writer.close()


@pytest.mark.parametrize(
    "data",
    [
        request("/metrics", x="y" * 1_000_000),
        request("/metrics" + "x" * 1_000_000),
        b"\x00\xff" * 50_000,
        b"x" * 100_000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        request("/metrics", Content_Length="x"),
    ],
    ids=["headers", "path", "bytes", "line", "http2", "length"],
)
async def test_what_is_no_short_request_is_refused(server: _Server, data: bytes) -> None:
    """Such bytes get an error or nothing, and others are served."""
    with contextlib.suppress(ConnectionError):
        answer = await exchange(server.address, data)
        assert not answer or parsed(answer).status in {400, 404, 431}

    assert (await get(server.address, "/livez")).status == 200


async def test_a_body_is_not_read(server: _Server) -> None:
    """A request with a large body is answered, and its connection is closed."""
    data = request("/livez", Content_Length=str(10**9)) + bytes(10**6)
    with contextlib.suppress(ConnectionError):
        answer = await exchange(server.address, data)
        assert parsed(answer).status == 200

    assert (await get(server.address, "/livez")).status == 200


async def test_a_loop_that_is_blocked_gives_no_answer() -> None:
    """A server whose event loop does not run fails its liveness by silence, and is alive again."""
    server, opened, done = _Server(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with _served(server):
            opened.set()
            await done.wait()

    blocked, released = threading.Event(), threading.Event()

    def block() -> None:
        blocked.set()
        released.wait(10)

    with ThreadPoolExecutor(1) as executor:
        loop = asyncio.new_event_loop()
        serving = executor.submit(loop.run_until_complete, serve())
        try:
            await asyncio.to_thread(opened.wait, 5)
            loop.call_soon_threadsafe(block)
            await asyncio.to_thread(blocked.wait, 5)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(get(server.address, "/livez"), 0.2)
            released.set()
            assert (await get(server.address, "/livez")).status == 200
        finally:
            released.set()
            loop.call_soon_threadsafe(done.set)
            await asyncio.wrap_future(serving)
            loop.close()


async def test_an_address_in_use_is_an_error(server: _Server) -> None:
    """Two endpoints can't share an address; the error names it."""
    second = MetricsEndpoint(
        server.address, Observed(collect=server.collect, unready=str, dead=str)
    )

    with pytest.raises(OSError, match=f"can't serve metrics on {server.address}: Address already"):
        await second.start()
    await second.close()


async def test_the_end_waits_for_no_reader() -> None:
    """Open connections end with the endpoint, and its address is free again."""
    server = _Server()
    async with _served(server):
        host, _, port = server.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /metrics HTTP/1.1\r\n")
        await get(server.address, "/livez")
    async with asyncio.timeout(2):
        with contextlib.suppress(ConnectionError):
            assert await reader.read(-1) == b""
    writer.close()
    with pytest.raises(ConnectionError):
        await get(server.address, "/livez")
