"""Contests are deleted, and reads of those that do not exist leave the store as it is."""

from typing import Any

import grpc
import pytest

from contract.edge import Edge
from contract.rejections import contest_not_found
from contract.test_contest_settings import create, get
from harness.calls import add, top
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session")]


async def test_deleted_contest_is_gone(edge: Edge, contest_id: str) -> None:
    """No key is left, its request ids are forgotten, and a write begins another contest."""
    await create(edge, contest_id, rules={"rank_style": pb.RANK_STYLE_DENSE})
    first = await add(edge.stub, contest_id, "ada", 9, "write-1")
    hide = contests.HideUsersRequest(contest_id=contest_id, user_ids=["bob"])
    await edge.answer("HideUsers", hide)

    for _ in range(2):
        await edge.answer("DeleteContest", contests.DeleteContestRequest(contest_id=contest_id))

    assert await edge.keys(contest_id) == set()
    request = contests.GetContestRequest(contest_id=contest_id)
    assert await edge.rejection("GetContest", request) == contest_not_found(contest_id)
    board = await top(edge.stub, contest_id)
    assert (list(board.users), board.position) == ([], pb.Position())
    again = await add(edge.stub, contest_id, "ada", 9, "write-1")
    assert (again.replayed, again.user.score, again.position.revision) == (False, 9, 1)
    assert again.position.epoch != first.position.epoch
    assert (await get(edge, contest_id)).rules.rank_style == pb.RANK_STYLE_ORDINAL


async def test_contest_is_deleted_in_its_epoch(edge: Edge, contest_id: str) -> None:
    """One with another epoch stays, which is no error."""
    position = (await add(edge.stub, contest_id, "ada", 9)).position
    before = await edge.writes()

    other = contests.DeleteContestRequest(contest_id=contest_id, epoch="another")
    await edge.answer("DeleteContest", other)
    assert await edge.writes() == before
    assert (await get(edge, contest_id)).position == position

    right = contests.DeleteContestRequest(contest_id=contest_id, epoch=position.epoch)
    await edge.answer("DeleteContest", right)
    assert await edge.keys(contest_id) == set()


@pytest.mark.parametrize("deleted", [False, True], ids=["never began", "deleted"])
async def test_reads_of_an_absent_contest_create_no_key(
    edge: Edge, contest_id: str, *, deleted: bool
) -> None:
    """Every read, and every removal, leaves the store as it is."""
    if deleted:
        await add(edge.stub, contest_id, "ada", 9)
        await edge.answer("DeleteContest", contests.DeleteContestRequest(contest_id=contest_id))
    everything = contests.ListContestsRequest()
    await edge.answer("ListContests", everything)  # the first one in a store fills the registry
    before = await edge.writes()
    failed: dict[str, grpc.StatusCode] = {}

    one: dict[str, Any] = {"contest_id": contest_id}
    for rpc, request in (
        ("GetTopUsers", pb.GetTopUsersRequest(**one)),
        ("GetUserRank", pb.GetUserRankRequest(**one, user_id="ada")),
        ("BatchGetUserRanks", pb.BatchGetUserRanksRequest(**one, user_ids=["ada"])),
        ("GetScoreRank", pb.GetScoreRankRequest(**one)),
        ("WatchContest", pb.WatchContestRequest(**one)),
        ("GetContest", contests.GetContestRequest(**one)),
        ("ListContests", contests.ListContestsRequest(id_prefix=contest_id)),
        ("ResetContest", contests.ResetContestRequest(**one, season=1)),
        ("ListSeasons", contests.ListSeasonsRequest(**one)),
        ("ListHiddenUsers", contests.ListHiddenUsersRequest(**one)),
        ("UnhideUsers", contests.UnhideUsersRequest(**one, user_ids=["ada"])),
        ("DeleteContest", contests.DeleteContestRequest(**one)),
    ):
        try:
            await edge.answer(rpc, request)
        except grpc.aio.AioRpcError as error:
            failed[rpc] = error.code()

    needed = ("GetUserRank", "GetContest", "ResetContest", "ListSeasons")
    assert failed == dict.fromkeys(needed, grpc.StatusCode.NOT_FOUND)
    assert await edge.writes() == before
    assert await edge.keys(contest_id) == set()
