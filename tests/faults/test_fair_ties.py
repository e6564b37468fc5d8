"""Promise 3, fair ties: the order of equal scores survives kills of service and store."""

from harness.calls import add, top
from harness.cluster_store import Store
from harness.service import Pair, ServiceProcess
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour
from leaderboard.v1 import leaderboard_pb2 as pb


@on_a_cluster_too("own_store", Flavour.VALKEY, is_own=True, is_slow=True)
async def test_ties_are_fair_across_two_servers_and_kills(pair: Pair, own_store: Store) -> None:
    """The first user to reach a score stays ahead of later ones, even after kills."""
    users = [f"user-{number * 37 % 20:02}" for number in range(20)]
    for number, user_id in enumerate(users):
        await add(pair[number % 2].stub, "cup", user_id, 10)
    await add(pair.proxied.stub, "cup", users[-1], 0)
    await add(pair.direct.stub, "cup", users[0], 1)
    back = await add(pair.proxied.stub, "cup", users[0], -1)
    due = [*users[1:], users[0]]
    assert await _order(pair.direct, back.position) == due

    await own_store.kill()
    await pair.direct.kill()
    await own_store.start()
    await pair.direct.start()

    assert await _order(pair.direct, back.position) == due
    assert await _order(pair.proxied, back.position) == due


async def _order(server: ServiceProcess, min_position: pb.Position) -> list[str]:
    board = await top(server.stub, "cup", min_position=min_position)
    return [user.user_id for user in board.users]
