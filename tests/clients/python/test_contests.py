"""Contests of both clients: their settings, errors, pages and retries."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from google.rpc import code_pb2

from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from clients.python.any_client import AnyClient, call, listed
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import (
    AlreadyExists,
    AsyncLeaderboardClient,
    Contest,
    ContestRules,
    ContestState,
    FailedPrecondition,
    LeaderboardError,
    NotFound,
    Order,
    Position,
    RankStyle,
    RuleChanges,
    TieBreak,
    Unavailable,
    UpdateMode,
)

RACE = ContestRules(
    order=Order.LOWEST_FIRST,
    tie_break=TieBreak.LAST_REACHED,
    rank_style=RankStyle.COMPETITION,
    default_mode=UpdateMode.BEST,
    min_score=0,
    max_score=600_000,
    max_points=9,
)


async def _listed(client: AnyClient, **options: Any) -> list[str]:
    """List contests, and return their ids."""
    return [contest.contest_id for contest in await listed(client, "list_contests", **options)]


async def test_a_contest_has_all_its_settings(fake: FakeService, client: AnyClient) -> None:
    """Each setting of a contest is sent, and comes back as a plain value."""
    created = await call(client, "create_contest", "race", display_name="The Race", rules=RACE)

    assert created == Contest(
        contest_id="race",
        display_name="The Race",
        rules=RACE,
        state=ContestState.OPEN,
        season=1,
        total_users=0,
        position=Position("e", 0),
        created_at=datetime(2026, 6, 11, 20, 15, 0, 250_000, UTC),
    )
    rules = pb.ContestRules(
        order=pb.ORDER_LOWEST_FIRST,
        tie_break=pb.TIE_BREAK_LAST_REACHED,
        rank_style=pb.RANK_STYLE_COMPETITION,
        default_mode=pb.UPDATE_MODE_BEST,
        min_score=0,
        max_score=600_000,
        max_points=9,
    )
    sent = contests_pb2.Contest(contest_id="race", display_name="The Race", rules=rules)
    assert fake.asked == [contests_pb2.CreateContestRequest(contest=sent)]
    assert await call(client, "get_contest", "race") == created


async def test_a_contest_without_settings_has_the_defaults(
    fake: FakeService, client: AnyClient
) -> None:
    """Settings that are not given are not sent, and the rules that come back are the defaults."""
    created = await call(client, "create_contest", "cup")

    sent = contests_pb2.Contest(contest_id="cup")
    assert fake.asked == [contests_pb2.CreateContestRequest(contest=sent)]
    assert (created.display_name, created.rules) == ("", ContestRules())
    assert created.rules == ContestRules(
        order=Order.HIGHEST_FIRST,
        tie_break=TieBreak.FIRST_REACHED,
        rank_style=RankStyle.ORDINAL,
        default_mode=UpdateMode.INCREMENT,
    )


async def test_what_a_later_version_sends_is_unknown(fake: FakeService, client: AnyClient) -> None:
    """Rules that this version does not know can be read, but not sent."""
    later = pb.ContestRules(order=70, tie_break=70, rank_style=70, default_mode=70)  # type: ignore[arg-type]
    fake.contests.contests["new"] = contests_pb2.Contest(contest_id="new", rules=later)

    contest = await call(client, "get_contest", "new")

    assert contest.created_at is None
    assert contest.rules == ContestRules(
        order=Order.UNKNOWN,
        tie_break=TieBreak.UNKNOWN,
        rank_style=RankStyle.UNKNOWN,
        default_mode=UpdateMode.UNSPECIFIED,
    )
    with pytest.raises(ValueError, match="order"):
        await call(client, "create_contest", "copy", rules=contest.rules)


@pytest.mark.parametrize(
    ("changes", "paths", "due"),
    [
        ({}, [], {}),
        ({"display_name": "Race"}, ["display_name"], {"display_name": "Race"}),
        ({"display_name": ""}, ["display_name"], {"display_name": ""}),
        (
            {"rules": {"min_score": -1, "max_points": None, "order": Order.HIGHEST_FIRST}},
            ["rules.min_score", "rules.max_points", "rules.order"],
            {"min_score": -1, "max_points": None, "order": Order.HIGHEST_FIRST},
        ),
        (
            {"display_name": "", "rules": {"default_mode": None, "rank_style": None}},
            ["display_name", "rules.default_mode", "rules.rank_style"],
            {"display_name": "", "default_mode": UpdateMode.INCREMENT}
            | {"rank_style": RankStyle.ORDINAL},
        ),
    ],
    ids=["nothing", "a name", "no name", "rules", "defaults"],
)
async def test_what_is_given_is_changed(
    fake: FakeService,
    client: AnyClient,
    changes: dict[str, Any],
    paths: list[str],
    due: dict[str, Any],
) -> None:
    """An update has the mask of what is given; a rule that is None gets its default."""
    before = await call(client, "create_contest", "race", display_name="The Race", rules=RACE)

    after = await call(client, "update_contest", "race", **changes)

    [_, sent] = fake.asked
    assert isinstance(sent, contests_pb2.UpdateContestRequest)
    assert sent.update_mask.paths == paths
    settings = {"display_name": before.display_name, **_fields(before.rules)}
    assert {"display_name": after.display_name, **_fields(after.rules)} == settings | due
    assert after.position == Position("e", 1)


def _fields(rules: ContestRules) -> RuleChanges:
    return {
        "order": rules.order,
        "tie_break": rules.tie_break,
        "rank_style": rules.rank_style,
        "default_mode": rules.default_mode,
        "min_score": rules.min_score,
        "max_score": rules.max_score,
        "max_points": rules.max_points,
    }


@pytest.mark.parametrize("page_size", [1, 2, 3, 100])
async def test_all_pages_are_listed(fake: FakeService, client: AnyClient, page_size: int) -> None:
    """An iteration over contests reads page by page, up to the last one."""
    for name in ("b", "a-2", "a-1", "a-3", "A"):
        await call(client, "create_contest", name)
    fake.asked.clear()

    assert await _listed(client, page_size=page_size) == ["A", "a-1", "a-2", "a-3", "b"]
    assert len(fake.asked) == -(-5 // page_size)
    assert await _listed(client, page_size=page_size, id_prefix="a-") == ["a-1", "a-2", "a-3"]
    assert await _listed(client, id_prefix="c") == []


async def test_a_page_is_read_when_it_is_due(fake: FakeService, client: AnyClient) -> None:
    """An iteration that ends early reads no more pages."""
    for name in ("a", "b", "c"):
        await call(client, "create_contest", name)
    fake.asked.clear()

    if isinstance(client, AsyncLeaderboardClient):
        first = await anext(client.list_contests(page_size=1))
    else:
        first = next(client.list_contests(page_size=1))

    assert first.contest_id == "a"
    assert len(fake.asked) == 1


async def test_a_page_that_fails_is_raised(fake: FakeService, client: AnyClient) -> None:
    """An error of a later page is raised by the iteration, after the pages before it."""
    await call(client, "create_contest", "a")
    fake.refusals.append(refusal(code_pb2.UNAVAILABLE, "no", "R", retry_after=60))

    with pytest.raises(Unavailable):
        await _listed(client, timeout=5)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (
            refusal(code_pb2.ALREADY_EXISTS, "no", "ERROR_REASON_CONTEST_ALREADY_EXISTS"),
            AlreadyExists,
        ),
        (refusal(code_pb2.NOT_FOUND, "no", "ERROR_REASON_CONTEST_NOT_FOUND"), NotFound),
        (
            refusal(
                code_pb2.FAILED_PRECONDITION, "no", "ERROR_REASON_RULES_LOCKED", field="rules.order"
            ),
            FailedPrecondition,
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_every_status_has_its_error(
    fake: FakeService, client: AnyClient, status: Any, kind: type[LeaderboardError]
) -> None:
    """A refused call of a contest is raised with its reason and the metadata of that."""
    fake.refusals.append(status)

    with pytest.raises(LeaderboardError) as raised:
        await call(client, "update_contest", "race", rules={"order": Order.LOWEST_FIRST})

    assert type(raised.value) is kind
    assert not raised.value.retryable
    locked = kind is FailedPrecondition
    assert raised.value.metadata == ({"field": "rules.order"} if locked else {})
    assert len(fake.asked) == 1


async def test_a_contest_exists_with_other_settings(client: AnyClient) -> None:
    """A contest may be created again with the same settings, and not with others."""
    first = await call(client, "create_contest", "race", rules=RACE)

    assert await call(client, "create_contest", "race", rules=RACE) == first
    with pytest.raises(AlreadyExists):
        await call(client, "create_contest", "race", display_name="Another")


@pytest.mark.parametrize(
    ("method", "args", "options"),
    [
        ("create_contest", ("race",), {"rules": RACE}),
        ("get_contest", ("race",), {}),
        ("update_contest", ("race",), {"display_name": "Race"}),
    ],
)
async def test_a_transient_error_is_retried(
    fake: FakeService,
    client: AnyClient,
    method: str,
    args: tuple[str, ...],
    options: dict[str, Any],
) -> None:
    """Every call of a contest is repeated after a transient error, with the same request."""
    fake.contests.contests["race"] = contests_pb2.Contest(contest_id="race", rules=RACE.message())
    fake.refusals.append(STORE_AWAY)

    await call(client, method, *args, **options)

    first, second = fake.asked
    assert first == second


@pytest.mark.parametrize(
    "make",
    [
        lambda client: call(client, "create_contest", 5),
        lambda client: call(client, "create_contest", "race", display_name=5),
        lambda client: call(client, "create_contest", "race", rules=ContestRules(min_score=2**63)),
        lambda client: call(client, "create_contest", "race", rules=ContestRules(order="LOWEST")),  # type: ignore[arg-type]
        lambda client: call(client, "get_contest", 5),
        lambda client: call(client, "update_contest", "race", rules={"speed": 1}),
        lambda client: call(client, "update_contest", "race", rules={"speed": None}),
        lambda client: call(client, "update_contest", "race", rules={"max_points": "many"}),
        lambda client: call(client, "update_contest", "race", rules={"default_mode": 0}),
        lambda client: _listed(client, page_size="all"),
    ],
)
async def test_arguments_that_can_not_be_encoded_are_refused(
    fake: FakeService, client: AnyClient, make: Callable[[AnyClient], Any]
) -> None:
    """An argument that the contract can't hold is a ValueError, before anything is sent."""
    with pytest.raises(ValueError, match=r"."):
        await make(client)

    assert not fake.asked
