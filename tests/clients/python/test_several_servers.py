"""Clients of several servers: spread, failing over, TLS and DNS names."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest
import pytest_asyncio
import trustme
from google.rpc import code_pb2

from cli.fake_service import FakeService
from cli.refusals import refusal
from cli.watch_messages import BOB_WINS, DRAINING, FIRST, OVER
from clients.python.any_client import CLIENTS, AnyClient, call, watched
from clients.python.breaking_server import BreakingServer, reset_of_connection
from clients.python.name_server import NameServer
from harness.ports import free_port
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import Tls, Unavailable, WatchState, WatchUpdate
from leaderboard_client.addresses import Server

NOBODY = "127.0.0.1:1"
DRAINS = refusal(code_pb2.UNAVAILABLE, "drains", "ERROR_REASON_SERVER_DRAINING", retry_after=30.0)
on_each_client = pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])


@pytest.fixture(name="pair")
def _pair() -> Iterator[tuple[FakeService, FakeService]]:
    """Give two services."""
    with FakeService() as first, FakeService() as second:
        yield first, second


@pytest.fixture(name="silent")
def _silent() -> Iterator[str]:
    """Give the address of a host that accepts no connection and refuses none."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(3):  # the queue of the listener is full from now on
            connection = waiting.enter_context(socket.socket())
            connection.settimeout(0.0)
            with contextlib.suppress(BlockingIOError):
                connection.connect(address)
        yield "{}:{}".format(*address)


@contextlib.asynccontextmanager
async def _client(
    kind: type[AnyClient], *servers: FakeService | str, **options: object
) -> AsyncIterator[AnyClient]:
    addresses = [server if isinstance(server, str) else server.address for server in servers]
    client: AnyClient = kind(",".join(addresses), **options)  # type: ignore[arg-type]
    try:
        yield client
    finally:
        await call(client, "close")


async def _calls(client: AnyClient, number: int, timeout: float = 5.0) -> None:  # noqa: ASYNC109
    for _ in range(number):
        await call(client, "get_top_users", "cup", timeout=timeout)


@on_each_client
async def test_calls_are_spread(
    pair: tuple[FakeService, FakeService], kind: type[AnyClient]
) -> None:
    """Once both servers are connected, every second call goes to each."""
    async with _client(kind, *pair) as client:
        async with asyncio.timeout(20):
            while not all(service.asked for service in pair):
                await _calls(client, 1)
        before = [len(service.asked) for service in pair]
        await _calls(client, 20)

    assert [len(service.asked) - seen for service, seen in zip(pair, before, strict=True)] == [
        10,
        10,
    ]


@on_each_client
async def test_a_server_that_is_away_costs_nothing(
    fake: FakeService, kind: type[AnyClient]
) -> None:
    """With one of three servers there, every call succeeds within a second."""
    async with _client(kind, NOBODY, fake, "[::1]:1") as client:
        await _calls(client, 20, timeout=1.0)

    assert len(fake.asked) == 20


@on_each_client
async def test_a_server_that_does_not_respond_costs_a_second(
    fake: FakeService, silent: str, kind: type[AnyClient]
) -> None:
    """A host without any response is left after a second, and gets no later calls."""
    for _ in range(4):  # the first server is chosen at random
        async with _client(kind, silent, fake) as client:
            await _calls(client, 1, timeout=3.0)
            await _calls(client, 10, timeout=0.9)


@on_each_client
async def test_a_lost_connection_is_left_at_once(fake: FakeService, kind: type[AnyClient]) -> None:
    """A call whose connection breaks goes to another server, long before its second is over."""
    async with (
        BreakingServer(reset_of_connection) as broken,
        _client(kind, broken.address, fake) as client,
        asyncio.timeout(20),
    ):
        while not broken.calls:
            await _calls(client, 1, timeout=1.0)


@on_each_client
async def test_a_server_that_drains_is_left_at_once(
    pair: tuple[FakeService, FakeService], kind: type[AnyClient]
) -> None:
    """Its calls go to another server without a wait, and later calls go there too."""
    draining, other = pair
    draining.refusals.extend([DRAINS] * 100)
    async with _client(kind, draining, other) as client:
        async with asyncio.timeout(20):
            while not draining.asked:
                await _calls(client, 1, timeout=1.0)
        await _calls(client, 10, timeout=1.0)

    assert len(draining.asked) == 1


@on_each_client
async def test_a_server_that_is_back_gets_calls_again(
    fake: FakeService, kind: type[AnyClient]
) -> None:
    """A server that was away at first is connected in the background, and takes its turns."""
    at = f"127.0.0.1:{free_port()}"
    async with _client(kind, fake, at) as client:
        await _calls(client, 5, timeout=1.0)
        with FakeService(at=at) as late:
            async with asyncio.timeout(20):
                while not late.asked:
                    await _calls(client, 1, timeout=1.0)


@pytest.mark.usefixtures("two_attempts")
@on_each_client
async def test_no_server_is_unavailable(kind: type[AnyClient]) -> None:
    """If no server is there, the call ends with Unavailable."""
    async with _client(kind, NOBODY, "[::1]:1") as client:
        with pytest.raises(Unavailable):
            await call(client, "get_top_users", "cup")


@on_each_client
async def test_watches_are_spread(
    pair: tuple[FakeService, FakeService], kind: type[AnyClient]
) -> None:
    """The watches of a client begin with the servers in turn."""
    for service in pair:
        service.stream = [FIRST, BOB_WINS, OVER]
    async with _client(kind, *pair) as client:
        for _ in range(4):
            assert [update async for update in watched(client, "chess")]

    assert [len(service.asked) for service in pair] == [2, 2]


@on_each_client
async def test_a_watch_moves_to_the_next_server(
    pair: tuple[FakeService, FakeService], kind: type[AnyClient]
) -> None:
    """When its server drains, a watch resumes on another one, and shows no change twice."""
    streams = [[FIRST, DRAINING], [BOB_WINS, OVER]]
    for service in pair:
        service.stream = _Shared(streams)
    async with _client(kind, *pair) as client:
        updates = [update async for update in watched(client, "chess")]

    assert [len(service.asked) for service in pair] == [1, 1]
    assert [update.message for update in updates if update.message] == [
        FIRST,
        DRAINING,
        BOB_WINS,
        OVER,
    ]


class _Shared:
    """Messages that the services of a test take in turn."""

    def __init__(self, streams: list[list[pb.WatchContestResponse]]) -> None:
        self._streams = streams

    def __iter__(self) -> Iterator[pb.WatchContestResponse]:
        return iter(self._streams.pop(0))


@on_each_client
async def test_a_watch_leaves_a_server_that_does_not_respond(
    fake: FakeService, silent: str, kind: type[AnyClient]
) -> None:
    """A watch that can't connect goes to another server, and says why."""
    fake.stream = [FIRST, BOB_WINS, OVER]
    troubles: set[str] = set()
    async with _client(kind, silent, fake) as client:
        for _ in range(2):  # one of them begins with the silent server
            updates: list[WatchUpdate] = [update async for update in watched(client, "chess")]
            assert updates[-1].state is WatchState.OVER
            troubles |= {str(update.trouble) for update in updates}

    assert troubles == {"None", "no connection for 1 s"}


@on_each_client
async def test_a_silent_server_does_not_keep_a_watch_from_closing(
    silent: str, kind: type[AnyClient]
) -> None:
    """A client that is closed while its watch connects ends the watch."""
    client: AnyClient = kind(f"{silent},{NOBODY}")
    seen = 0

    async def watch() -> None:
        nonlocal seen
        async for _ in watched(client, "chess"):
            seen += 1

    watching = asyncio.create_task(watch())
    await eventually(lambda: seen > 1, "the first attempts")
    await call(client, "close")
    with pytest.raises(Exception, match="the client was closed"):
        await asyncio.wait_for(watching, 10)


@on_each_client
async def test_each_server_has_its_own_certificate(kind: type[AnyClient]) -> None:
    """The certificate of each server is checked against its own host in the list."""
    authority = trustme.CA()
    tls = Tls(authorities=authority.cert_pem.bytes())
    with (
        FakeService(_credentials(authority, "localhost")) as by_name,
        FakeService(_credentials(authority, "127.0.0.1")) as by_number,
        FakeService(_credentials(authority, "elsewhere.example")) as stranger,
    ):
        named = by_name.address.replace("127.0.0.1", "localhost")
        async with _client(kind, named, by_number, stranger, tls=tls) as client:
            async with asyncio.timeout(20):
                while not (by_name.asked and by_number.asked):
                    await _calls(client, 1, timeout=1.0)

        assert not stranger.asked


def _credentials(authority: trustme.CA, host: str) -> grpc.ServerCredentials:
    issued = authority.issue_cert(host)
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
    return grpc.ssl_server_credentials([(issued.private_key_pem.bytes(), chain)])


@pytest_asyncio.fixture(name="names")
async def _names(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NameServer]:
    """Give a DNS server that answers for the names of clients."""
    async with NameServer("127.0.0.1", "127.0.0.2") as names:
        target = property(lambda server: f"dns://{names.address}/{server.host}:{server.port}")
        monkeypatch.setattr(Server, "target", target)
        yield names


@on_each_client
async def test_a_dns_name_stands_for_all_its_addresses(
    names: NameServer, kind: type[AnyClient]
) -> None:
    """Calls and watches are spread over the addresses, and go on with those that are left."""
    port = free_port()
    address = f"dns:///scores.example:{port}"
    with FakeService(at=f"127.0.0.1:{port}") as first:
        async with _client(kind, address) as client:
            with FakeService(at=f"127.0.0.2:{port}") as second:
                async with asyncio.timeout(20):
                    while not (first.asked and second.asked):
                        await _calls(client, 1)
                before = Counter(first=len(first.asked), second=len(second.asked))
                await _calls(client, 10)
                after = Counter(first=len(first.asked), second=len(second.asked))
                assert after - before == Counter(first=5, second=5)
                second.stream = first.stream = [FIRST, BOB_WINS, OVER]
                asked = len(first.asked), len(second.asked)
                async with asyncio.timeout(20):
                    while len(first.asked) == asked[0] or len(second.asked) == asked[1]:
                        assert [update async for update in watched(client, "chess")]
            await _calls(client, 20, timeout=1.0)

    assert names.questions


@on_each_client
async def test_a_dns_name_is_resolved_again(names: NameServer, kind: type[AnyClient]) -> None:
    """A server that was replaced by one at another address is found without a new client."""
    port = free_port()
    names.addresses = ["127.0.0.1"]
    async with _client(kind, f"dns:///scores.example:{port}") as client:
        with FakeService(at=f"127.0.0.1:{port}"):
            await _calls(client, 5)
        names.addresses = ["127.0.0.3"]
        with FakeService(at=f"127.0.0.3:{port}") as replacement:
            await _calls(client, 5)

            assert len(replacement.asked) == 5
