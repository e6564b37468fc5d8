"""Contests that hold all that a contest can hold, and move to another master with all of it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from google.protobuf.message import Message
from redis.crc import key_slot

from contests.erased_user import ATTRIBUTE, ERASED, NAME, erase
from contests.two_servers import DEADLINE_S, everything
from faults.cluster.variants import Variant, on_each_engine
from harness.calls import top
from harness.cluster import ClusterStores
from harness.service import ServiceProcess
from harness.slot_move import SlotMove, migrate_atomically
from harness.stores import Flavour
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

_RULES = (
    pb.ContestRules(),
    pb.ContestRules(rank_style="RANK_STYLE_COMPETITION", tie_break="TIE_BREAK_LAST_REACHED"),
    pb.ContestRules(rank_style="RANK_STYLE_DENSE", order="ORDER_LOWEST_FIRST"),
)
_USERS = (*(f"u{number}" for number in range(40)), ERASED)
_SEASONS = (1, 2, 3)
"""The seasons that end, and the current one."""


def _batch(contest_id: str, season: int) -> pb.BatchUpdateScoresRequest:
    """Return the writes to a season, with names and attributes, and equal scores."""
    return pb.BatchUpdateScoresRequest(
        updates=[
            pb.UpdateScoreRequest(
                contest_id=contest_id,
                user_id=user_id,
                points=1 + (season * number) % 7,
                request_id=f"{season}-{number}",
                display_name=NAME if user_id == ERASED else user_id.upper(),
                attributes={"country": ATTRIBUTE if user_id == ERASED else "fr"},
            )
            for number, user_id in enumerate(_USERS)
        ]
    )


async def _fill(server: ServiceProcess, contest_id: str, rules: pb.ContestRules) -> None:
    """Write to three seasons, with some users hidden in each."""
    contest = contests.Contest(contest_id=contest_id, rules=rules, display_name="Cup")
    await server.contests.CreateContest(contests.CreateContestRequest(contest=contest))
    for season in _SEASONS:
        await server.stub.BatchUpdateScores(_batch(contest_id, season), timeout=DEADLINE_S)
        hide = contests.HideUsersRequest(contest_id=contest_id, user_ids=[f"u{season}"])
        await server.contests.HideUsers(hide, timeout=DEADLINE_S)
        if season != _SEASONS[-1]:
            end = contests.ResetContestRequest(contest_id=contest_id, season=season)
            await server.contests.ResetContest(end, timeout=DEADLINE_S)


async def _answers(server: ServiceProcess, contest_id: str) -> list[Message]:
    """Return what a server answers about a contest: its seasons, and everything in each."""
    found: list[Message] = []
    calls = server.contests
    for season in _SEASONS:
        found.append(await top(server.stub, contest_id, season=season))
        ranks = pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=_USERS, season=season)
        found.append(await server.stub.BatchGetUserRanks(ranks, timeout=DEADLINE_S))
        score = pb.GetScoreRankRequest(contest_id=contest_id, score=4, around=9, season=season)
        found.append(await server.stub.GetScoreRank(score, timeout=DEADLINE_S))
    hidden = contests.ListHiddenUsersRequest(contest_id=contest_id)
    seasons = contests.ListSeasonsRequest(contest_id=contest_id)
    one = contests.GetContestRequest(contest_id=contest_id)
    found.append(await calls.ListHiddenUsers(hidden, timeout=DEADLINE_S))
    found.append(await calls.ListSeasons(seasons, timeout=DEADLINE_S))
    found.append(await calls.GetContest(one, timeout=DEADLINE_S))
    return found


async def _replays(server: ServiceProcess, contest_id: str) -> list[Message]:
    """Repeat all writes, and return the answers to them, which are the first ones."""
    found: list[Message] = []
    for season in _SEASONS:
        batch = _batch(contest_id, season)
        answer = await server.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)
        assert all(result.response.replayed for result in answer.results)
        found.append(answer)
    return found


@on_each_engine
@pytest.mark.parametrize("how", ["key by key", "atomically"])
async def test_a_contest_moves_with_all_that_it_holds(
    variant: Variant, cluster: ClusterStores, tmp_path: Path, how: str
) -> None:
    """A server that starts after the move answers as before; users can be erased then."""
    if how == "atomically" and variant.flavour is not Flavour.VALKEY:
        pytest.skip("Redis does not know it")
    names = cluster.contests(0, len(_RULES))
    async with ServiceProcess(tmp_path / "service", redis_url=cluster.url) as server:
        for contest_id, rules in zip(names, _RULES, strict=True):
            await _fill(server, contest_id, rules)
        before = [await _answers(server, name) + await _replays(server, name) for name in names]
        await server.terminate()
        await _move(cluster, names, how)
        await server.start()

        after = [await _answers(server, name) + await _replays(server, name) for name in names]

        assert after == before
        await _assert_at_the_target_alone(cluster, names)
        assert await erase(server) == len(names)
        await _assert_erased(cluster)


async def _assert_erased(cluster: ClusterStores) -> None:
    """Check that no key names the user."""
    for node in cluster.masters:
        async with node.client() as client:
            async for key, texts in everything(client):
                for text in (ERASED, NAME, ATTRIBUTE):
                    assert not any(text in held for held in texts), f"{text} in {key}"


async def _move(cluster: ClusterStores, names: Sequence[str], how: str) -> None:
    source, target = cluster.masters[:2]
    slots = {key_slot(name.encode()) for name in names}
    if how == "atomically":
        await migrate_atomically(source, target, slots)
        return
    for slot in slots:
        async with SlotMove(slot, source, target) as move:
            await move.complete()


async def _assert_at_the_target_alone(cluster: ClusterStores, names: Sequence[str]) -> None:
    """Check that the source has no key of contests any more, and that request memory expires."""
    source, target = cluster.masters[:2]
    for name in names:
        slot = key_slot(name.encode())
        assert await source.run("CLUSTER COUNTKEYSINSLOT", slot) == 0
        moved = await target.run("CLUSTER GETKEYSINSLOT", slot, 100)
        buckets = [key for key in moved if ":requests:" in key]
        assert buckets
        for key in buckets:
            assert await target.run("TTL", key) > 0
