"""Messages that are late or in another format neither stop a server nor make it busy-loop."""

import pytest
from redis.asyncio import Redis

from harness.node import Node
from harness.waiting import eventually
from leaderboard_server.domain.position import Position
from leaderboard_server.storage import keys

CONTEST = "chess"


@pytest.mark.parametrize(
    "payload",
    [
        "no json",
        "[]",
        '["lost",1,2,1,["ada",1,1,0,0,"","",""]]',
        '["lost",1,2,1,["ada",1,1,0,0,"","","","a later field"]]',
    ],
)
async def test_feed_continues_after_an_odd_message(
    node: Node, other: Node, redis: Redis, payload: str
) -> None:
    """The log is read once more, and the follower is live."""
    await node.add(CONTEST, "ada")
    await node.boards.top(CONTEST, 1, 10)

    await redis.publish(f"leaderboard:{{{CONTEST}}}", payload)
    await other.add(CONTEST, "bo", 2)

    async def is_followed() -> bool:
        page = await node.boards.top_as_followed(CONTEST, 10)
        return [user.user_id for user in page.users] == ["bo", "ada"]

    await eventually(is_followed, "the next write is followed")
    await eventually(lambda: node.followers.by_contest[CONTEST].live, "the follower is live")
    assert node.feed.connected


async def test_unreadable_log_is_not_read_again_and_again(node: Node, redis: Redis) -> None:
    """Observers restart at the position of the store, and the follower is live."""
    await node.add(CONTEST, "ada")
    epoch = (await node.boards.top(CONTEST, 1, 10)).position.epoch
    await redis.hset(keys.meta(CONTEST), "revision", "2")
    await redis.xadd(keys.log(CONTEST), {"commit": "no json"}, id="2-0")

    node.followers.by_contest[CONTEST].catch_up()

    def is_live() -> bool:
        follower = node.followers.by_contest[CONTEST]
        return follower.live and follower.position == Position(epoch, 2)

    await eventually(is_live, "the follower is live again")
