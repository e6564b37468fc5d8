"""Users are removed, hidden and erased."""

from typing import Any

import pytest

from contract.edge import ON_ONE_STORE, Edge
from contract.rejections import invalid, user_not_found
from harness.calls import DEADLINE_S, add, top
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session")]

_REQUESTS: dict[str, Any] = {
    "RemoveUsers": contests.RemoveUsersRequest,
    "HideUsers": contests.HideUsersRequest,
    "UnhideUsers": contests.UnhideUsersRequest,
}
_MANY = [f"user-{number}" for number in range(1_001)]


async def _change(edge: Edge, rpc: str, contest_id: str, *user_ids: str) -> tuple[int, pb.Position]:
    """Remove, hide or unhide users, and return the count and the position."""
    request = _REQUESTS[rpc](contest_id=contest_id, user_ids=user_ids)
    response: Any = await edge.answer(rpc, request)
    return response.count, response.position


async def _fill(edge: Edge, contest_id: str) -> pb.Position:
    """Give three users the scores 9, 7 and 5, and return the position."""
    for user_id, points in (("ada", 9), ("bob", 7), ("cyd", 5)):
        position = (await add(edge.stub, contest_id, user_id, points)).position
    return position


def _later(position: pb.Position, revisions: int) -> pb.Position:
    return pb.Position(epoch=position.epoch, revision=position.revision + revisions)


async def _hidden(
    edge: Edge, contest_id: str, size: int = 0
) -> tuple[list[pb.RankedUser], list[str]]:
    """Return all hidden users, page by page: those with a score, and the ids of the others."""
    users: list[pb.RankedUser] = []
    others: list[str] = []
    request = contests.ListHiddenUsersRequest(contest_id=contest_id, page_size=size)
    while True:
        page = await edge.contests.ListHiddenUsers(request, timeout=DEADLINE_S)
        assert len(page.users) + len(page.user_ids_without_score) <= (size or 100)
        users += page.users
        others += page.user_ids_without_score
        if not page.next_page_token:
            return sorted(users, key=lambda user: user.user_id), sorted(others)
        request.page_token = page.next_page_token


async def test_users_are_removed(edge: Edge, contest_id: str) -> None:
    """Rows below move up, each row takes a revision, and a later write begins a user again."""
    before = await _fill(edge, contest_id)

    count, position = await _change(edge, "RemoveUsers", contest_id, "bob", "nobody", "ada")

    assert (count, position) == (2, _later(before, 2))
    board = await top(edge.stub, contest_id)
    assert [(user.user_id, user.place) for user in board.users] == [("cyd", 1)]
    assert (board.total_users, board.position) == (1, position)
    request = pb.GetUserRankRequest(contest_id=contest_id, user_id="bob")
    assert await edge.rejection("GetUserRank", request) == user_not_found(contest_id, "bob")
    assert await _change(edge, "RemoveUsers", contest_id, "bob", "ada") == (0, position)
    again = await add(edge.stub, contest_id, "bob", 1)
    assert (again.user.score, again.previous_rank, again.user.rank) == (1, 0, 2)


async def test_hidden_user_leaves_the_board_and_returns(edge: Edge, contest_id: str) -> None:
    """Its writes count meanwhile without a rank, and it returns with its score of now."""
    before = await _fill(edge, contest_id)

    assert await _change(edge, "HideUsers", contest_id, "ada", "nobody") == (2, _later(before, 1))
    assert await _change(edge, "HideUsers", contest_id, "ada") == (0, _later(before, 1))

    request = pb.GetUserRankRequest(contest_id=contest_id, user_id="ada")
    assert await edge.rejection("GetUserRank", request) == user_not_found(contest_id, "ada")
    unseen = await add(edge.stub, contest_id, "ada", -3)
    assert (unseen.applied, unseen.user.score, unseen.previous_score) == (True, 6, 9)
    assert (unseen.user.rank, unseen.user.place) == (0, 0)
    assert (unseen.previous_rank, unseen.previous_place) == (0, 0)
    assert unseen.position == _later(before, 2)
    assert await edge.board(contest_id) == [("bob", 7), ("cyd", 5)]
    assert (await top(edge.stub, contest_id)).total_users == 2

    shown = await _change(edge, "UnhideUsers", contest_id, "nobody", "ada", "cyd")

    assert shown == (2, _later(before, 3))
    assert await edge.board(contest_id) == [("bob", 7), ("ada", 6), ("cyd", 5)]


async def test_removed_user_stays_hidden(edge: Edge, contest_id: str) -> None:
    """It loses its score without a change of the board, and its next write is unseen too."""
    await _fill(edge, contest_id)
    await _change(edge, "HideUsers", contest_id, "ada")

    count, _ = await _change(edge, "RemoveUsers", contest_id, "ada")

    assert count == 1
    assert await _hidden(edge, contest_id) == ([], ["ada"])
    again = await add(edge.stub, contest_id, "ada", 1)
    assert (again.user.score, again.user.rank) == (1, 0)
    assert await edge.board(contest_id) == [("bob", 7), ("cyd", 5)]


@pytest.mark.parametrize("rpc", _REQUESTS)
async def test_users_of_a_contest_that_does_not_exist(
    edge: Edge, contest_id: str, rpc: str
) -> None:
    """Nothing is counted or written, and the position has no epoch."""
    before = await edge.writes()

    assert await _change(edge, rpc, contest_id, *_MANY[:1_000]) == (0, pb.Position())

    assert await edge.writes() == before


@ON_ONE_STORE
@pytest.mark.parametrize("rpc", _REQUESTS)
@pytest.mark.parametrize(
    ("user_ids", "fields"),
    [
        pytest.param([], ["user_ids"], id="none"),
        pytest.param(_MANY, ["user_ids"], id="1,001"),
        pytest.param(["ada", "bob", "ada"], ["user_ids"], id="one twice"),
        pytest.param(["ada", "a b", ""], ["user_ids[1]", "user_ids[2]"], id="two malformed"),
    ],
)
async def test_invalid_users(
    edge: Edge, contest_id: str, rpc: str, user_ids: list[str], fields: list[str]
) -> None:
    """The status names the list, or the invalid entries."""
    request = _REQUESTS[rpc](contest_id=contest_id, user_ids=user_ids)

    assert await edge.rejection(rpc, request) == invalid(*fields)


@pytest.mark.parametrize("size", [1, 40, 0, 1_000])
async def test_hidden_users_are_listed_page_by_page(edge: Edge, contest_id: str, size: int) -> None:
    """Each once, with its score, name and attributes, also where there are many."""
    write = pb.UpdateScoreRequest(
        contest_id=contest_id, user_id="ada", points=9, display_name="Ada", attributes={"a": "b"}
    )
    await edge.answer("UpdateScore", write)
    others = sorted(_MANY[:150])
    await _change(edge, "HideUsers", contest_id, "ada", *others)
    await add(edge.stub, contest_id, others.pop(), 3)

    users, without_score = await _hidden(edge, contest_id, size)

    assert users == [
        pb.RankedUser(user_id="ada", score=9, display_name="Ada", attributes={"a": "b"}),
        pb.RankedUser(user_id="user-99", score=3),
    ]
    assert without_score == others


async def test_user_is_erased_part_by_part(edge: Edge, contest_id: str) -> None:
    """The parts together count each contest that held the user, hidden or not, once."""
    user_id, ids = f"{contest_id}@x", [f"{contest_id}.{number}" for number in range(3)]
    for each in ids:
        await _fill(edge, each)
        await add(edge.stub, each, user_id, 8)
    await _change(edge, "HideUsers", ids[0], user_id)
    await _change(edge, "RemoveUsers", ids[1], user_id)
    await _change(edge, "HideUsers", ids[1], user_id)

    assert await _erase(edge, user_id) == 3

    for each in ids:
        assert await edge.board(each) == [("ada", 9), ("bob", 7), ("cyd", 5)]
        assert await _hidden(edge, each) == ([], [])
    assert await _erase(edge, user_id) == 0
    written = await add(edge.stub, ids[0], user_id, 8)
    assert (written.user.score, written.user.rank, written.user.display_name) == (8, 2, "")


async def _erase(edge: Edge, user_id: str) -> int:
    """Erase a user in all parts, and return from how many contests."""
    changed = 0
    request = contests.EraseUserRequest(user_id=user_id)
    while True:
        part: contests.EraseUserResponse = await edge.contests.EraseUser(
            request, timeout=DEADLINE_S
        )
        changed += part.contests_changed
        if not part.next_page_token:
            return changed
        request.page_token = part.next_page_token
