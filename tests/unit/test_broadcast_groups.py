"""Channels: who follows one gets what is published in order, or is let go with a mark."""

import asyncio

import pytest

from leaderboard_server.transport.broadcast_groups import SLOT, Channels

CHANNEL = "channel"


class Stream:
    """
    A stream that follows a channel, and takes messages while its gate is open.

    Attributes:
        sent: What it took, in order.
    """

    def __init__(self, channels: Channels[str], mark: int = 0, channel: str = CHANNEL) -> None:
        self.sent: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.following = asyncio.create_task(channels.follow(channel, mark, self._send))

    async def _send(self, message: str) -> None:
        await self.gate.wait()
        self.sent.append(message)


@pytest.fixture(name="channels")
def _channels() -> Channels[str]:
    """Give channels that nobody follows yet."""
    return Channels()


async def turn() -> None:
    """Let all that is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)


def publish(channels: Channels[str], *numbers: int, channel: str = CHANNEL) -> None:
    """Publish numbered messages, each with ten times its number for a mark."""
    for number in numbers:
        channels.publish(channel, str(number), 10 * number)


async def test_all_who_follow_are_told_in_order(channels: Channels[str]) -> None:
    """From when they follow on, and nothing of other channels."""
    early = Stream(channels)
    await turn()
    publish(channels, 1)
    late, elsewhere = Stream(channels), Stream(channels, channel="another")
    await turn()
    publish(channels, 2, 3)
    publish(channels, 4, channel="another")
    await turn()
    assert [stream.sent for stream in (early, late, elsewhere)] == [
        ["1", "2", "3"],
        ["2", "3"],
        ["4"],
    ]
    assert not early.following.done()
    for stream in (early, late, elsewhere):
        stream.following.cancel()


async def test_closing_lets_all_go_with_their_marks(channels: Channels[str]) -> None:
    """Once each has sent what waits for it; who was told nothing keeps its own mark."""
    told, busy, untold = (Stream(channels, mark) for mark in (1, 2, 3))
    await turn()
    untold.following.cancel()
    untold = Stream(channels, 3, "another")
    await turn()
    publish(channels, 7)
    busy.gate.clear()
    await turn()
    channels.close(CHANNEL)
    channels.close("another")
    assert (await told.following, await untold.following) == (70, 3)
    assert not busy.following.done()
    busy.gate.set()
    assert await busy.following == 70
    assert busy.sent == ["7"]


async def test_a_slot_that_is_full_lets_its_stream_go(channels: Channels[str]) -> None:
    """It sends what waits and gets the mark of that; the others go on, and nobody waited."""
    slow, quick = Stream(channels), Stream(channels)
    slow.gate.clear()
    await turn()
    numbers = range(1, SLOT + 10)
    for number in numbers:
        publish(channels, number)
        await turn()
    assert quick.sent == [str(number) for number in numbers]
    assert len(channels._followers[CHANNEL]) == 1

    slow.gate.set()
    mark = await slow.following
    # One message was on its way to the wire while the slot filled up behind it.
    assert slow.sent == [str(number) for number in range(1, SLOT + 2)]
    assert mark == 10 * (SLOT + 1)
    quick.following.cancel()


async def test_a_slot_holds_as_much_as_it_says(channels: Channels[str]) -> None:
    """Messages that come in one turn of the loop wait, up to the bound."""
    fits, falls_out = Stream(channels), Stream(channels, channel="another")
    await turn()
    publish(channels, *range(1, SLOT + 1))
    publish(channels, *range(1, SLOT + 2), channel="another")
    await turn()
    assert len(fits.sent) == len(falls_out.sent) == SLOT
    assert not fits.following.done()
    assert await falls_out.following == 10 * SLOT
    fits.following.cancel()


async def test_who_goes_away_leaves_nothing_behind(channels: Channels[str]) -> None:
    """However it ends."""

    async def fail(_message: str) -> None:
        raise TimeoutError

    stream = Stream(channels)
    failing = asyncio.create_task(channels.follow(CHANNEL, 0, fail))
    await turn()
    publish(channels, 1)
    with pytest.raises(TimeoutError):
        await failing
    stream.following.cancel()
    await asyncio.wait([stream.following])
    assert not channels._followers
    publish(channels, 2)
    channels.close(CHANNEL)


async def test_who_was_let_go_may_follow_again(channels: Channels[str]) -> None:
    """A channel that was closed is another one when it is followed again."""
    stream = Stream(channels, 4)
    await turn()
    channels.close(CHANNEL)
    again = Stream(channels, await stream.following)
    await turn()
    publish(channels, 5)
    channels.close(CHANNEL)
    assert await again.following == 50
    assert again.sent == ["5"]
