"""The proxy breaks the chosen connections and replies, and nothing else."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from harness.proxy import StoreProxy
from harness.stores import StoreProcess


@pytest_asyncio.fixture(name="proxy")
async def _proxy(store: StoreProcess) -> AsyncIterator[StoreProxy]:
    async with StoreProxy(store.port) as proxy:
        yield proxy


@pytest_asyncio.fixture(name="client", params=[2, 3], ids=["resp2", "resp3"])
async def _client(
    proxy: StoreProxy, request: pytest.FixtureRequest
) -> AsyncIterator[redis.asyncio.Redis]:
    client = redis.asyncio.Redis.from_url(
        proxy.url,
        decode_responses=True,
        protocol=request.param,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=1,
    )
    async with client:
        yield client


@pytest_asyncio.fixture(name="subscriber")
async def _subscriber(proxy: StoreProxy) -> AsyncIterator[asyncio.StreamReader]:
    """Yield what arrives on a bare connection that is subscribed to the channel `news`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nnews\r\n")
    assert await reader.readuntil(b":1\r\n")
    yield reader
    writer.close()


async def test_lost_reply_is_that_of_an_applied_command(
    client: redis.asyncio.Redis, proxy: StoreProxy, store: StoreProcess
) -> None:
    """The store applies the command, its caller loses the connection, and the next call works."""
    await client.set("other", "untouched")
    interceptor = proxy.intercept("INCRBY", drops=1)

    with pytest.raises(redis.exceptions.ConnectionError):
        await client.incr("n")
    await interceptor.dropped()

    async with store.client() as direct:
        assert await direct.get("n") == "1"
    assert await client.incr("n") == 2


async def test_only_the_chosen_reply_is_lost(
    client: redis.asyncio.Redis, proxy: StoreProxy
) -> None:
    """Replies to commands without the given bytes are delivered."""
    proxy.intercept("INCRBY", holding=b"chosen", drops=1)

    assert await client.incr("other") == 1
    with pytest.raises(redis.exceptions.ConnectionError):
        await client.incr("chosen")
    assert await client.incr("chosen") == 2


async def test_cut_of_subscribers_keeps_other_connections(
    client: redis.asyncio.Redis, proxy: StoreProxy, subscriber: asyncio.StreamReader
) -> None:
    """Only the connections that sent the command are aborted."""
    await client.ping()
    connections = proxy.commands["CLIENT"]

    assert await proxy.cut("SUBSCRIBE") == 1

    assert await subscriber.read() == b""
    assert await client.ping()
    assert proxy.commands["CLIENT"] == connections


async def test_connections_are_accepted_again_after_a_refusal(
    client: redis.asyncio.Redis, proxy: StoreProxy
) -> None:
    """After `refuse` and `cut` no connection is made until `accept`."""
    await client.ping()
    await proxy.refuse()
    await proxy.cut()

    with pytest.raises(redis.exceptions.ConnectionError):
        await client.ping()
    await proxy.accept()

    assert await client.ping()


async def test_swallowed_bytes_leave_both_sides_waiting(
    client: redis.asyncio.Redis,
    proxy: StoreProxy,
    store: StoreProcess,
    subscriber: asyncio.StreamReader,
) -> None:
    """A subscriber whose bytes are swallowed receives nothing, and its connection stays open."""
    proxy.swallow("SUBSCRIBE")

    async with store.client() as direct:
        assert await direct.publish("news", "swallowed") == 1
    assert await client.ping()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await subscriber.read(1)

    await proxy.deliver()

    assert await subscriber.read() == b""


async def test_commands_are_counted_by_name(client: redis.asyncio.Redis, proxy: StoreProxy) -> None:
    """Every forwarded command is counted, including each one of a pipeline."""
    pipeline = client.pipeline(transaction=False)
    for _ in range(3):
        pipeline.incr("n")

    assert await pipeline.execute() == [1, 2, 3]
    assert proxy.commands["INCRBY"] == 3
