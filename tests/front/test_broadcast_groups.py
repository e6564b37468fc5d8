"""Broadcast groups: published messages, and watchers that are slow, dead or gone."""

import grpc
import h2.events

from front.listeners import COUNT, WATCH, Served, serve, until, until_admitted
from front.raw_client import RawClient, connect, framed


async def watchers(served: Served, count: int) -> list[grpc.aio.UnaryStreamCall[bytes, bytes]]:
    """Open streams that follow a group."""
    calls = [served.stream(WATCH)(b"group") for _ in range(count)]
    for call in calls:
        assert await call.read() == b"joined"
    await until(lambda: served.service.watching == count)
    return calls


async def test_a_published_message_reaches_every_watcher_of_its_group() -> None:
    """All watchers get all messages in order, and none of other groups."""
    async with serve() as served:
        calls = await watchers(served, 50)
        for number in range(100):
            served.front.publish("group", b"%d" % number, number)
            served.front.publish("another", b"never", number)
            if number % 10 == 9:
                for call in calls:
                    for expected in range(number - 9, number + 1):
                        assert await call.read() == b"%d" % expected
        assert served.service.evicted == []


async def test_a_watcher_that_cancels_between_two_messages_stops_its_handler() -> None:
    """A reset that follows a published message ends the call, and frees its slot."""
    async with serve(max_streams=1) as served:

        async def count_to_the_end() -> None:
            async for _ in served.stream(COUNT)(b"1"):
                pass

        for number in range(3):
            call = (await watchers(served, 1))[0]
            served.front.publish("group", b"%d" % number, number)
            assert await call.read() == b"%d" % number
            call.cancel()
            await until(lambda: served.service.watching == 0)
            await until_admitted(count_to_the_end)


async def test_published_messages_stay_in_order_while_the_window_opens_in_pieces() -> None:
    """Each arrives complete and once, whether it is written at once, waits, or is cut in parts."""
    async with serve() as served, connect(served.port, window=30) as client:
        stream = await client.start(WATCH)
        await client.data(stream, framed(b"group"))
        await until(lambda: served.service.watching == 1)
        expected, allowed = [b"joined"], 30
        for number in range(200):
            expected.append(b"%d." % number * (1 + number % 5))
            served.front.publish("group", expected[-1], number)
            if number % 4 == 3:
                # As much as was published, and a part of what comes next.
                wanted = sum(len(framed(message)) for message in expected) + number * 13 % 60
                if wanted > allowed:
                    client.h2.increment_flow_control_window(wanted - allowed, stream)
                    allowed = wanted
                await client.ping()

        assert await until_received(client, stream, expected[-1]) == expected
        assert served.service.evicted == []


async def test_a_watcher_that_is_behind_is_evicted_with_its_cursor() -> None:
    """The cursor is that of its last message; messages of the handler follow, in order."""
    async with serve() as served, connect(served.port, window=20) as client:
        fast = (await watchers(served, 1))[0]
        stream = await client.start(WATCH)
        await client.data(stream, framed(b"group"))
        await until(lambda: served.service.watching == 2)
        for number in range(1, 31):
            served.front.publish("group", b"%04d" % number, number)
            assert await fast.read() == b"%04d" % number
        await until(lambda: served.service.evicted)
        got = served.service.evicted[0]
        assert 16 <= got <= 17
        client.h2.increment_flow_control_window(10_000, stream)
        await client.flush()
        await until_received(client, stream, b"behind")
        served.front.publish("group", b"after", 40)
        received = await until_received(client, stream, b"after")
        expected = [b"joined", *(b"%04d" % number for number in range(1, got + 1))]
        assert received == [*expected, b"behind", b"after"]


async def until_received(client: RawClient, stream: int, last: bytes) -> list[bytes]:
    """Read messages of a raw client's stream up to `last`, and return all of them."""

    def messages() -> list[bytes]:
        events = client.seen(h2.events.DataReceived)
        data = b"".join(event.data for event in events if event.stream_id == stream)
        found = []
        while len(data) >= 5 + int.from_bytes(data[1:5]) and data:
            size = int.from_bytes(data[1:5])
            found.append(data[5 : 5 + size])
            data = data[5 + size :]
        return found

    await client.until(lambda: last in messages())
    return messages()


async def test_dead_watchers_delay_no_other() -> None:
    """Beside a hundred watchers that read nothing, another watcher gets all messages."""
    async with serve(write_timeout_s=60) as served, connect(served.port, window=0) as client:
        for _ in range(100):
            await client.data(await client.start(WATCH), framed(b"group"))
        await until(lambda: served.service.watching == 100)
        dead = served.service.watching
        alive = served.stream(WATCH)(b"group")
        assert await alive.read() == b"joined"
        await until(lambda: served.service.watching == dead + 1)
        for number in range(500):
            served.front.publish("group", b"%d" % number, number)
            assert await alive.read() == b"%d" % number
        assert len(served.service.evicted) == 100
