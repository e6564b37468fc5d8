"""Contests are created, read and changed with the settings of the contract."""

from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from contract.edge import Edge
from contract.rejections import (
    contest_already_exists,
    contest_not_found,
    invalid,
    rules_locked,
)
from harness.calls import DEADLINE_S, add, top
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session")]

DEFAULT_RULES = pb.ContestRules(
    order=pb.ORDER_HIGHEST_FIRST,
    tie_break=pb.TIE_BREAK_FIRST_REACHED,
    rank_style=pb.RANK_STYLE_ORDINAL,
    default_mode=pb.UPDATE_MODE_INCREMENT,
)
RULES = pb.ContestRules(
    order=pb.ORDER_LOWEST_FIRST,
    tie_break=pb.TIE_BREAK_LAST_REACHED,
    rank_style=pb.RANK_STYLE_DENSE,
    default_mode=pb.UPDATE_MODE_BEST,
    min_score=-5,
    max_score=2**53,
    max_points=7,
)
LIFE: dict[str, Any] = {
    "starts_at": Timestamp(seconds=1_700_000_000, nanos=123_456_789),
    "ends_at": Timestamp(seconds=4_102_444_800, nanos=1_000_000),
    "expire_after": Duration(seconds=86_400, nanos=500_000_000),
}


def new(contest_id: str, **settings: Any) -> contests.CreateContestRequest:
    """Return a request to create a contest."""
    return contests.CreateContestRequest(
        contest=contests.Contest(contest_id=contest_id, **settings)
    )


def change(contest_id: str, *paths: str, **settings: Any) -> contests.UpdateContestRequest:
    """Return a request to change settings."""
    return contests.UpdateContestRequest(
        contest=contests.Contest(contest_id=contest_id, **settings),
        update_mask=FieldMask(paths=paths),
    )


async def create(edge: Edge, contest_id: str, **settings: Any) -> contests.Contest:
    """Create a contest."""
    answer: contests.CreateContestResponse = await edge.contests.CreateContest(
        new(contest_id, **settings), timeout=DEADLINE_S
    )
    return answer.contest


async def get(edge: Edge, contest_id: str) -> contests.Contest:
    """Return a contest."""
    request = contests.GetContestRequest(contest_id=contest_id)
    answer: contests.GetContestResponse = await edge.contests.GetContest(
        request, timeout=DEADLINE_S
    )
    return answer.contest


async def update(edge: Edge, contest_id: str, *paths: str, **settings: Any) -> contests.Contest:
    """Change settings of a contest, and return it."""
    request = change(contest_id, *paths, **settings)
    answer: contests.UpdateContestResponse = await edge.contests.UpdateContest(
        request, timeout=DEADLINE_S
    )
    return answer.contest


async def test_contest_is_created_with_all_settings(edge: Edge, contest_id: str) -> None:
    """The response has each setting, the state, the first position and the time of creation."""
    contest = await create(edge, contest_id, display_name="Ada & co 🏁", rules=RULES, **LIFE)

    assert contest == contests.Contest(
        contest_id=contest_id,
        display_name="Ada & co 🏁",
        rules=RULES,
        starts_at=Timestamp(seconds=1_700_000_000, nanos=123_000_000),
        ends_at=LIFE["ends_at"],
        expire_after=LIFE["expire_after"],
        state=contests.CONTEST_STATE_OPEN,
        season=1,
        position=pb.Position(epoch=contest.position.epoch, revision=1),
        created_at=contest.created_at,
    )
    assert contest.created_at.seconds > 1_700_000_000
    assert await get(edge, contest_id) == contest
    assert (await top(edge.stub, contest_id)).position == contest.position


async def test_settings_that_are_not_set_have_their_defaults(edge: Edge, contest_id: str) -> None:
    """A contest shows the rules, and has no bounds and no times."""
    contest = await create(edge, contest_id)

    assert (contest.rules, contest.display_name) == (DEFAULT_RULES, "")
    assert not any(contest.HasField(name) for name in LIFE)


async def test_output_of_a_contest_is_ignored_in_requests(edge: Edge, contest_id: str) -> None:
    """A contest that was read can be sent as it is."""
    output = {
        "state": contests.CONTEST_STATE_CLOSED,
        "total_users": 7,
        "position": pb.Position(epoch="!", revision=-1),
        "created_at": Timestamp(seconds=-1, nanos=-1),
        "season": -3,
        "next_reset_at": Timestamp(seconds=1),
    }
    created = await create(edge, contest_id, display_name="a", **output)
    updated = await update(edge, contest_id, "display_name", display_name="b", **output)

    assert (updated.total_users, updated.position.revision, updated.season) == (0, 2, 1)
    assert not updated.HasField("next_reset_at")
    assert updated.created_at == created.created_at


async def test_contest_is_created_again_with_equal_settings_alone(
    edge: Edge, contest_id: str
) -> None:
    """A repeated request gets the contest as it is; another one is rejected."""
    await create(edge, contest_id, rules=RULES)
    written = await add(edge.stub, contest_id, "ada", 3)

    again = await create(edge, contest_id, rules=RULES)

    assert (again.position, again.total_users) == (written.position, 1)
    for settings in ({}, {"display_name": "x", "rules": RULES}, {"rules": DEFAULT_RULES}):
        rejection = await edge.rejection("CreateContest", new(contest_id, **settings))
        assert rejection == contest_already_exists(contest_id)


async def test_contest_that_began_with_a_score_has_default_settings(
    edge: Edge, contest_id: str
) -> None:
    """It is read as one that was created with them, and can be created so."""
    written = await add(edge.stub, contest_id, "ada", 3)

    contest = await get(edge, contest_id)

    assert (contest.rules, contest.total_users) == (DEFAULT_RULES, 1)
    assert contest.position == written.position
    assert contest.created_at.seconds > 1_700_000_000
    assert await create(edge, contest_id, rules=DEFAULT_RULES) == contest


async def test_contest_that_does_not_exist(edge: Edge, contest_id: str) -> None:
    """It is neither read nor changed, and nothing is written."""
    request = contests.GetContestRequest(contest_id=contest_id)
    assert await edge.rejection("GetContest", request) == contest_not_found(contest_id)
    changed = change(contest_id, "display_name", display_name="x")
    assert await edge.rejection("UpdateContest", changed) == contest_not_found(contest_id)


async def test_only_what_the_mask_names_is_changed(edge: Edge, contest_id: str) -> None:
    """A setting that is named and not set gets its default."""
    await create(edge, contest_id, display_name="Ada", rules=RULES)

    one = await update(edge, contest_id, "rules.max_points", rules={"max_points": 9, "order": 1})
    assert (one.rules.max_points, one.rules.order) == (9, pb.ORDER_LOWEST_FIRST)
    assert one.display_name == "Ada"

    reset = await update(edge, contest_id, "rules.max_points", "rules.default_mode", "display_name")
    assert not reset.rules.HasField("max_points")
    assert reset.rules.default_mode == pb.UPDATE_MODE_INCREMENT
    assert (reset.display_name, reset.rules.min_score) == ("", -5)

    whole = await update(edge, contest_id, "rules", "rules.order", rules={"max_points": 5})
    assert whole.rules == pb.ContestRules(max_points=5, **_fields(DEFAULT_RULES))
    assert whole.position.revision == 4
    assert await get(edge, contest_id) == whole


def _fields(rules: pb.ContestRules) -> dict[str, Any]:
    return {field.name: value for field, value in rules.ListFields()}


async def test_update_that_changes_nothing_takes_no_revision(edge: Edge, contest_id: str) -> None:
    """The contest is returned as it is."""
    created = await create(edge, contest_id, rules=RULES)

    same = await update(edge, contest_id, "rules.max_points", "display_name", rules=RULES)

    assert same == created


@pytest.mark.parametrize(
    ("paths", "named"),
    [
        ((), "update_mask"),
        (("",), "update_mask.paths[0]"),
        (("display_name", "contest_id"), "update_mask.paths[1]"),
        (("position",), "update_mask.paths[0]"),
        (("rules.orders",), "update_mask.paths[0]"),
        (("rules.order.x",), "update_mask.paths[0]"),
        (("*",), "update_mask.paths[0]"),
        (("display_name",) * 101, "update_mask"),
    ],
)
async def test_mask_names_settings_alone(
    edge: Edge, contest_id: str, paths: tuple[str, ...], named: str
) -> None:
    """Each path that is no setting is named."""
    await create(edge, contest_id)

    assert await edge.rejection("UpdateContest", change(contest_id, *paths)) == invalid(named)


async def test_no_score_within_the_bounds(edge: Edge, contest_id: str) -> None:
    """The least score is not above the greatest, also together with what is not changed."""
    bounds = pb.ContestRules(min_score=2, max_score=1)
    wrong = invalid("contest.rules.max_score")
    assert await edge.rejection("CreateContest", new(contest_id, rules=bounds)) == wrong

    await create(edge, contest_id, rules={"max_score": 1})

    request = change(contest_id, "rules.min_score", rules={"min_score": 2})
    assert await edge.rejection("UpdateContest", request) == wrong
    equal = await update(edge, contest_id, "rules.min_score", rules={"min_score": 1})
    assert (equal.rules.min_score, equal.rules.max_score) == (1, 1)


@pytest.mark.parametrize("rule", ["order", "tie_break", "rank_style"])
async def test_rule_that_would_reorder_a_board(edge: Edge, contest_id: str, rule: str) -> None:
    """It can be changed while there are no scores, and is locked by the first one."""
    await create(edge, contest_id)
    free = await update(edge, contest_id, f"rules.{rule}", rules={rule: 2})
    assert getattr(free.rules, rule) == 2
    await add(edge.stub, contest_id, "ada", 3)

    request = change(contest_id, f"rules.{rule}", "rules.max_points", rules={"max_points": 3})
    assert await edge.rejection("UpdateContest", request) == rules_locked(contest_id, rule)

    request = change(contest_id, f"rules.{rule}", "rules.max_points", rules={rule: 2})
    await edge.answer("UpdateContest", request)  # it changes nothing


async def test_first_locked_rule_is_named(edge: Edge, contest_id: str) -> None:
    """Of several rules that would reorder the board, in the order of the contract."""
    await add(edge.stub, contest_id, "ada", 3)

    request = change(contest_id, "rules.rank_style", "rules.tie_break", rules=RULES)

    assert await edge.rejection("UpdateContest", request) == rules_locked(contest_id, "tie_break")


async def test_bounds_hold_for_later_writes(edge: Edge, contest_id: str) -> None:
    """A score from before stays, and a new one has to be within the bounds."""
    await add(edge.stub, contest_id, "ada", 9)
    await update(edge, contest_id, "rules.max_score", rules={"max_score": 5})

    with pytest.raises(grpc.aio.AioRpcError) as rejected:
        await add(edge.stub, contest_id, "ada", 1)

    assert rejected.value.code() == grpc.StatusCode.OUT_OF_RANGE
    assert await edge.board(contest_id) == [("ada", 9)]


async def test_reads_are_not_behind_a_change_of_settings(edge: Edge, contest_id: str) -> None:
    """A board that this server keeps in memory has the position and the ranks of the update."""
    for user_id in ("ada", "bo"):
        await add(edge.stub, contest_id, user_id, 3)
    for number in range(20):
        await top(edge.stub, contest_id)
        contest = await update(edge, contest_id, "display_name", display_name=f"Round {number}")
        assert (await top(edge.stub, contest_id)).position == contest.position
