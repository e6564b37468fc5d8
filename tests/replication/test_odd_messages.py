"""What is published in another form, or late, neither stops a server nor makes it spin."""

import pytest
from redis.asyncio import Redis

from harness.node import Node
from harness.waiting import eventually
from leaderboard_server.domain.position import Position

CONTEST = "chess"


class TestOddMessages:
    """What is published in another form, or late, neither stops a server nor makes it spin."""

    @pytest.mark.parametrize(
        "payload",
        [
            "no json",
            "[]",
            '["lost",1,2,1,["ada",1,1,0,0,"","",""]]',
            '["lost",1,2,1,["ada",1,1,0,0,"","","","a later field"]]',
        ],
    )
    async def test_the_feed_goes_on(
        self, node: Node, other: Node, redis: Redis, payload: str
    ) -> None:
        """The stream is read from the log again, once, and is live."""
        await node.add(CONTEST, "ada")
        await node.boards.top(CONTEST, 1, 10)

        await redis.publish(f"leaderboard:{{{CONTEST}}}", payload)
        await other.add(CONTEST, "bo", 2)

        async def seen() -> bool:
            heard = await node.boards.top_as_followed(CONTEST, 10)
            return [user.user_id for user in heard.users] == ["bo", "ada"]

        await eventually(seen, "the next write is heard")
        await eventually(lambda: node.followers.by_contest[CONTEST].live, "the stream is live")
        assert node.feed.connected

    async def test_an_unreadable_log_is_not_read_again_and_again(
        self, node: Node, redis: Redis
    ) -> None:
        """Listeners start anew where the store is, and the stream is live."""
        await node.add(CONTEST, "ada")
        epoch = (await node.boards.top(CONTEST, 1, 10)).position.epoch
        await redis.hset(f"leaderboard:contest:{{{CONTEST}}}:meta", "revision", "2")
        await redis.xadd(f"leaderboard:contest:{{{CONTEST}}}:log", {"commit": "no json"}, id="2-0")

        node.followers.by_contest[CONTEST].catch_up()

        def live() -> bool:
            stream = node.followers.by_contest[CONTEST]
            return stream.live and stream.position == Position(epoch, 2)

        await eventually(live, "the stream is live again")
