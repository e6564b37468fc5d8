"""Attributes of users, and display names that are removed."""

from collections.abc import Mapping
from typing import Any

import pytest

from contract.edge import ON_ONE_STORE, Edge
from contract.rejections import Rejection, invalid
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_ONE_STORE]


def _update(contest_id: str, attributes: Mapping[str, str], **fields: Any) -> pb.UpdateScoreRequest:
    return pb.UpdateScoreRequest(
        contest_id=contest_id, user_id="ada", attributes=attributes, **fields
    )


async def _updated(edge: Edge, contest_id: str, attributes: Mapping[str, str]) -> Any:
    return await edge.answer("UpdateScore", _update(contest_id, attributes))


async def test_attributes_are_merged(edge: Edge, contest_id: str) -> None:
    """An update keeps the attributes that it does not name, and an empty value removes one."""
    await _updated(edge, contest_id, {"country": "fr", "team": "Les Bleus", "avatar": "é/1"})

    last = await _updated(edge, contest_id, {"country": "", "team": 'a "b" \\', "absent": ""})

    expected = {"team": 'a "b" \\', "avatar": "é/1"}
    assert (dict(last.user.attributes), last.applied) == (expected, True)
    assert (last.user.rank, last.previous_rank, last.position.revision) == (1, 1, 2)


async def test_every_read_has_the_attributes(edge: Edge, contest_id: str) -> None:
    """Boards, ranks, neighbors, rows around, several users and watches have them."""
    await _updated(edge, contest_id, {"country": "fr"})
    await edge.answer("UpdateScore", pb.UpdateScoreRequest(contest_id=contest_id, user_id="bob"))

    top: Any = await edge.answer("GetTopUsers", pb.GetTopUsersRequest(contest_id=contest_id))
    rank: Any = await edge.answer(
        "GetUserRank",
        pb.GetUserRankRequest(contest_id=contest_id, user_id="bob", neighbors=1, around=2),
    )
    users: Any = await edge.answer(
        "BatchGetUserRanks", pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=["ada"])
    )
    score: Any = await edge.answer(
        "GetScoreRank", pb.GetScoreRankRequest(contest_id=contest_id, around=1)
    )
    watch: Any = await edge.answer("WatchContest", pb.WatchContestRequest(contest_id=contest_id))

    rows = [top.users, rank.neighbors, rank.around, users.users, score.around, watch.snapshot.users]
    assert [dict(row[0].attributes) for row in rows] == [{"country": "fr"}] * 6


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"k" * 32: "v"}, id="a key of 32 characters"),
        pytest.param({"a0_.-": "v"}, id="all signs of keys"),
        pytest.param({str(n): "x" for n in range(8)}, id="8"),
        pytest.param({"k": "é" * 127 + "x"}, id="256 bytes"),
    ],
)
async def test_valid_attributes(edge: Edge, contest_id: str, attributes: Mapping[str, str]) -> None:
    """Attributes up to the limits are stored."""
    assert dict((await _updated(edge, contest_id, attributes)).user.attributes) == attributes


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"": "v"}, id="no key"),
        pytest.param({"k" * 33: "v"}, id="a key of 33 characters"),
        pytest.param({"Key": "v"}, id="a capital letter"),
        pytest.param({"a b": "v"}, id="a space in a key"),
        pytest.param({str(n): "x" for n in range(9)}, id="9"),
        pytest.param({str(n): "" for n in range(17)}, id="17 removed"),
        pytest.param({"k": "é" * 128}, id="257 bytes"),
        pytest.param({"k": "a\nb"}, id="a line break"),
        pytest.param({"k": "a\N{RIGHT-TO-LEFT OVERRIDE}b"}, id="a right-to-left override"),
    ],
)
async def test_invalid_attributes(
    edge: Edge, contest_id: str, attributes: Mapping[str, str]
) -> None:
    """Keys, values and sizes beyond the limits are rejected, and nothing is written."""
    rejection = await edge.rejection("UpdateScore", _update(contest_id, attributes))

    assert rejection == invalid("attributes")
    assert await edge.board(contest_id) == []


@pytest.mark.parametrize(
    "more", [{"last": "x"}, {"0": "x" * 250}], ids=["a ninth one", "too many bytes"]
)
async def test_the_limits_hold_for_all_attributes_of_a_user(
    edge: Edge, contest_id: str, more: Mapping[str, str]
) -> None:
    """An update that would pass them is rejected as a whole, also in a batch, the others not."""
    eight = {str(n): "x" for n in range(8)}
    await _updated(edge, contest_id, eight)
    updates = [_update(contest_id, more, points=5), _update(contest_id, {"0": "y"})]

    rejection = await edge.rejection("UpdateScore", updates[0])
    rejected, applied = await edge.batch(pb.BatchUpdateScoresRequest(updates=updates))

    assert rejection == invalid("attributes")
    assert rejected == invalid("updates[0].attributes")
    assert not isinstance(applied, Rejection)
    assert (dict(applied.user.attributes), applied.user.score) == (eight | {"0": "y"}, 0)


async def test_a_display_name_is_removed(edge: Edge, contest_id: str) -> None:
    """The name is empty after the update, which takes a revision; a second one changes nothing."""
    await edge.answer("UpdateScore", _update(contest_id, {"k": "v"}, display_name="Ada"))

    cleared: Any = await edge.answer(
        "UpdateScore", _update(contest_id, {}, clear_display_name=True)
    )
    again: Any = await edge.answer("UpdateScore", _update(contest_id, {}, clear_display_name=True))

    assert (cleared.user.display_name, cleared.applied, cleared.position.revision) == ("", True, 2)
    assert dict(cleared.user.attributes) == {"k": "v"}
    assert (again.applied, again.position.revision) == (False, 2)


async def test_a_name_is_set_or_removed(edge: Edge, contest_id: str) -> None:
    """An update that does both is rejected."""
    update = _update(contest_id, {}, display_name="Ada", clear_display_name=True)

    assert await edge.rejection("UpdateScore", update) == invalid("clear_display_name")


async def test_a_repeat_has_the_present_name_and_attributes(edge: Edge, contest_id: str) -> None:
    """The numbers are those of the first response; name and attributes are those of now."""
    first: Any = await edge.answer(
        "UpdateScore", _update(contest_id, {"k": "1"}, points=5, request_id="r1")
    )
    await edge.answer("UpdateScore", _update(contest_id, {"k": "2"}, points=5, display_name="A"))

    repeat: Any = await edge.answer(
        "UpdateScore", _update(contest_id, {"k": "1"}, points=5, request_id="r1")
    )

    assert (repeat.replayed, repeat.user.score, repeat.position) == (True, 5, first.position)
    assert (repeat.user.display_name, dict(repeat.user.attributes)) == ("A", {"k": "2"})
