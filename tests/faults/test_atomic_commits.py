"""Promise 2, atomic commits: the updates of one contest in a batch take effect together."""

import asyncio
import itertools
from collections import defaultdict

import grpc

from harness.calls import DEADLINE_S, top
from harness.cluster_store import Store
from harness.service import Pair
from harness.statuses import status_of
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

_TEAMS = 6
_MEMBERS = 5


@on_a_cluster_too("own_store", Flavour.VALKEY, is_own=True)
async def test_commits_are_atomic_when_the_store_is_killed_under_load(
    pair: Pair, own_store: Store
) -> None:
    """No read returns a part of a batch, even after the store was killed and restarted."""
    done = asyncio.Event()
    batches = [0] * _TEAMS
    latest = pb.Position()
    boards = 0

    async def write(team: int) -> None:
        nonlocal latest
        stub = pair[team % 2].stub
        for number in itertools.count():
            if done.is_set():
                return
            position = await _persist(stub, _batch(team, number))
            latest = max(latest, position, key=lambda known: known.revision)
            batches[team] += 1

    async def read(stub: LeaderboardServiceStub) -> None:
        nonlocal boards
        while not done.is_set():
            try:
                board = await top(stub, "cup")
            except grpc.aio.AioRpcError as error:
                await _wait_if_unavailable(error)
            else:
                _scores_of_teams(board)
                boards += 1

    async def progress(amount: int) -> None:
        due = sum(batches) + amount
        await eventually(lambda: sum(batches) >= due, f"{amount} more batches", within=20)

    async with asyncio.TaskGroup() as group:
        for team in range(_TEAMS):
            group.create_task(write(team))
        group.create_task(read(pair.direct.stub))
        group.create_task(read(pair.proxied.stub))
        await progress(60)
        await own_store.kill()
        await own_store.start()
        await progress(60)
        done.set()

    final = await top(pair.direct.stub, "cup", min_position=latest)
    assert _scores_of_teams(final) == {f"team{team}": batches[team] for team in range(_TEAMS)}
    assert final.position.revision == _MEMBERS * sum(batches)
    assert boards > 0


def _batch(team: int, number: int) -> pb.BatchUpdateScoresRequest:
    return pb.BatchUpdateScoresRequest(
        updates=[
            pb.UpdateScoreRequest(
                contest_id="cup",
                user_id=f"team{team}.{member}",
                points=1,
                request_id=f"{team}-{number}-{member}",
            )
            for member in range(_MEMBERS)
        ]
    )


async def _persist(stub: LeaderboardServiceStub, batch: pb.BatchUpdateScoresRequest) -> pb.Position:
    """Send a batch until it is acknowledged, and return the position of its last update."""
    while True:
        try:
            answer = await stub.BatchUpdateScores(batch, timeout=DEADLINE_S)
        except grpc.aio.AioRpcError as error:
            await _wait_if_unavailable(error)
        else:
            outcomes = {result.WhichOneof("outcome") for result in answer.results}
            assert outcomes == {"response"}
            position: pb.Position = answer.results[-1].response.position
            return position


async def _wait_if_unavailable(error: grpc.aio.AioRpcError) -> None:
    assert status_of(error).code is grpc.StatusCode.UNAVAILABLE
    await asyncio.sleep(0.05)


def _scores_of_teams(board: pb.GetTopUsersResponse) -> dict[str, int]:
    """Return each team's score, which all its members share as long as batches are atomic."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for user in board.users:
        members[user.user_id.split(".")[0]].append(user.score)
    for team, team_scores in members.items():
        assert len(set(team_scores)) == 1, f"a part of a batch of {team}: {team_scores}"
        assert len(team_scores) == _MEMBERS
    return {team: team_scores[0] for team, team_scores in members.items()}
