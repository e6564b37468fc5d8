"""Broadcast groups: followers get published messages in order, or are evicted with a cursor."""

import asyncio
import gc

import pytest

from leaderboard_server.transport.broadcast_groups import SEND_BUFFER_MESSAGES, BroadcastGroups

GROUP = "group"


class Stream:
    """
    A stream that follows a group, and accepts messages while its gate is open.

    Attributes:
        sent: The accepted messages, in order.
    """

    def __init__(self, groups: BroadcastGroups[str], cursor: int = 0, group: str = GROUP) -> None:
        self.sent: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.following = asyncio.create_task(groups.follow(group, cursor, self._send))

    async def _send(self, message: str) -> None:
        await self.gate.wait()
        self.sent.append(message)


@pytest.fixture(name="groups")
def _groups() -> BroadcastGroups[str]:
    """Return groups that have no followers yet."""
    return BroadcastGroups()


async def turn() -> None:
    """Let all ready tasks run."""
    for _ in range(5):
        await asyncio.sleep(0)


def publish(groups: BroadcastGroups[str], *numbers: int, group: str = GROUP) -> None:
    """Publish numbered messages, each with ten times its number as the cursor."""
    for number in numbers:
        groups.publish(group, str(number), 10 * number)


async def test_followers_get_messages_in_order(groups: BroadcastGroups[str]) -> None:
    """A follower gets what its group publishes after it joined, and nothing of other groups."""
    early = Stream(groups)
    await turn()
    publish(groups, 1)
    late, elsewhere = Stream(groups), Stream(groups, group="another")
    await turn()
    publish(groups, 2, 3)
    publish(groups, 4, group="another")
    await turn()
    assert [stream.sent for stream in (early, late, elsewhere)] == [
        ["1", "2", "3"],
        ["2", "3"],
        ["4"],
    ]
    assert not early.following.done()
    for stream in (early, late, elsewhere):
        stream.following.cancel()


async def test_closing_a_group_evicts_all_with_their_cursors(
    groups: BroadcastGroups[str],
) -> None:
    """Each follower first sends its buffer; one without a message keeps its own cursor."""
    reached, busy, unreached = (Stream(groups, cursor) for cursor in (1, 2, 3))
    await turn()
    unreached.following.cancel()
    unreached = Stream(groups, 3, "another")
    await turn()
    publish(groups, 7)
    busy.gate.clear()
    await turn()
    groups.close_group(GROUP)
    groups.close_group("another")
    assert (await reached.following, await unreached.following) == (70, 3)
    assert not busy.following.done()
    busy.gate.set()
    assert await busy.following == 70
    assert busy.sent == ["7"]


async def test_a_follower_whose_buffer_is_full_is_evicted(groups: BroadcastGroups[str]) -> None:
    """The evicted follower sends its buffer and gets that cursor, and nobody waits for it."""
    slow, quick = Stream(groups), Stream(groups)
    slow.gate.clear()
    await turn()
    numbers = range(1, SEND_BUFFER_MESSAGES + 10)
    for number in numbers:
        publish(groups, number)
        await turn()
    assert quick.sent == [str(number) for number in numbers]

    slow.gate.set()
    cursor = await slow.following
    # One message was being sent while the buffer filled up behind it.
    assert slow.sent == [str(number) for number in range(1, SEND_BUFFER_MESSAGES + 2)]
    assert cursor == 10 * (SEND_BUFFER_MESSAGES + 1)
    quick.following.cancel()


async def test_a_buffer_holds_its_number_of_messages(groups: BroadcastGroups[str]) -> None:
    """Messages that are published in one turn of the loop are buffered, up to the limit."""
    fits, overflows = Stream(groups), Stream(groups, group="another")
    await turn()
    publish(groups, *range(1, SEND_BUFFER_MESSAGES + 1))
    publish(groups, *range(1, SEND_BUFFER_MESSAGES + 2), group="another")
    await turn()
    assert len(fits.sent) == len(overflows.sent) == SEND_BUFFER_MESSAGES
    assert not fits.following.done()
    assert await overflows.following == 10 * SEND_BUFFER_MESSAGES
    fits.following.cancel()


async def test_a_follower_that_ends_gets_no_more_messages(groups: BroadcastGroups[str]) -> None:
    """Neither a follower whose send failed nor a cancelled one gets a message afterwards."""
    failed: list[str] = []

    async def fail(message: str) -> None:
        failed.append(message)
        raise TimeoutError

    stream = Stream(groups)
    failing = asyncio.create_task(groups.follow(GROUP, 0, fail))
    await turn()
    publish(groups, 1)
    with pytest.raises(TimeoutError):
        await failing
    stream.following.cancel()
    await asyncio.wait([stream.following])
    publish(groups, 2)
    groups.close_group(GROUP)
    await turn()
    assert (stream.sent, failed) == (["1"], ["1"])
    assert not [
        held for held in gc.get_referrers(GROUP) if isinstance(held, dict) and GROUP in held
    ]


async def test_an_evicted_stream_may_follow_again(groups: BroadcastGroups[str]) -> None:
    """A closed group starts again with its next follower."""
    stream = Stream(groups, 4)
    await turn()
    groups.close_group(GROUP)
    again = Stream(groups, await stream.following)
    await turn()
    publish(groups, 5)
    groups.close_group(GROUP)
    assert await again.following == 50
    assert again.sent == ["5"]
