"""Tests of the model itself: contests with rules, ranks, attributes and settings."""

import pytest

from model.board import Service
from model.calls import code, give
from model.contest_records import (
    Settings,
    SettingsChange,
)
from model.records import (
    Mode,
    Order,
    Position,
    Rank,
    RankedUser,
    RankStyle,
    Rejection,
    Result,
    Rules,
    ScoreRank,
    TieBreak,
    Update,
    UserRanks,
)


@pytest.fixture(name="service")
def _service() -> Service:
    return Service()


TIES = {RankStyle.ORDINAL: [1, 2, 3, 4], RankStyle.COMPETITION: [1, 2, 2, 4]}
TIES[RankStyle.DENSE] = [1, 2, 2, 3]


def create(service: Service, **rules: object) -> None:
    """Create the contest with rules."""
    settings = Settings(rules=Rules(**rules))  # type: ignore[arg-type]
    assert code(service.create_contest("chess", settings)) == "OK"


@pytest.mark.parametrize("style", RankStyle)
@pytest.mark.parametrize(
    ("order_", "tie_break", "users"),
    [
        (Order.HIGHEST_FIRST, TieBreak.FIRST_REACHED, "abcd"),
        (Order.HIGHEST_FIRST, TieBreak.LAST_REACHED, "acbd"),
        (Order.LOWEST_FIRST, TieBreak.FIRST_REACHED, "dbca"),
        (Order.LOWEST_FIRST, TieBreak.LAST_REACHED, "dcba"),
    ],
)
def test_rules_order_rows_and_number_ranks(
    service: Service, order_: Order, tie_break: TieBreak, users: str, style: RankStyle
) -> None:
    """101, 100, 100, 99 in each order, with each rank style."""
    create(service, order=order_, tie_break=tie_break, rank_style=style)
    for user_id, points in zip("abcd", (101, 100, 100, 99), strict=True):
        give(service, user_id, points)

    rows = service.board("chess")

    assert "".join(row.user_id for row in rows) == users
    assert [row.place for row in rows] == [1, 2, 3, 4]
    assert [row.rank for row in rows] == TIES[style]


@pytest.mark.parametrize(
    ("style", "answers"),
    [
        (RankStyle.ORDINAL, [(1, 1), (4, 4), (5, 5)]),
        (RankStyle.COMPETITION, [(1, 1), (2, 4), (5, 5)]),
        (RankStyle.DENSE, [(1, 1), (2, 4), (4, 5)]),
    ],
)
def test_score_has_the_rank_that_a_new_user_would_get(
    service: Service, style: RankStyle, answers: list[tuple[int, int]]
) -> None:
    """Above all, within a tie below those that have the score, and below all."""
    create(service, rank_style=style)
    for user_id, points in zip("abcd", (101, 100, 100, 99), strict=True):
        give(service, user_id, points)

    ranks = [service.score_rank("chess", score, around_score=2) for score in (102, 100, 0)]

    given = [(each.rank, each.place) for each in ranks if isinstance(each, ScoreRank)]
    rows = [
        "".join(row.user_id for row in each.around) for each in ranks if isinstance(each, ScoreRank)
    ]
    assert given == answers
    assert rows == ["ab", "bc", "cd"]


def test_rows_around_are_moved_at_the_ends(service: Service) -> None:
    """There are as many as were asked for where the board has them, with the user among them."""
    for points, user_id in enumerate("edcba"):
        give(service, user_id, points)

    rows = [
        "".join(row.user_id for row in rank.around)
        for user in "abcde"
        if isinstance(rank := service.rank("chess", user, around_user=3), Rank)
    ]

    assert rows == ["abc", "abc", "bcd", "cde", "cde"]


def test_percentile_counts_worse_ranks(service: Service) -> None:
    """Users of the same rank are not below each other."""
    create(service, rank_style=RankStyle.DENSE)
    for user_id, points in zip("abcde", (9, 7, 7, 5, 1), strict=True):
        give(service, user_id, points)

    ranks = [service.rank("chess", user) for user in "abcde"]

    assert [r.percentile for r in ranks if isinstance(r, Rank)] == [100, 50, 50, 25, 0]


def test_ranks_of_several_users_are_best_first(service: Service) -> None:
    """Users without a score are named in the order of the request."""
    give(service, "ada", 1)
    give(service, "bob", 2)

    ranks = service.user_ranks("chess", ["zoe", "ada", "yan", "bob"])

    assert isinstance(ranks, UserRanks)
    assert [user.user_id for user in ranks.users] == ["bob", "ada"]
    assert ranks.missing_user_ids == ("zoe", "yan")


def test_best_keeps_the_better_score_of_the_order(service: Service) -> None:
    """Where the lowest come first, a lower score is better; the mode may be that of the rules."""
    create(service, order=Order.LOWEST_FIRST, default_mode=Mode.BEST)

    assert [give(service, "ada", points).user.score for points in (5, 7, 3)] == [5, 5, 3]


def test_bounds_reject_and_a_score_from_before_may_stay(service: Service) -> None:
    """The bounds of the rules are in the rejection; without a new score they don't matter."""
    give(service, "ada", 50)
    service.update_contest("chess", SettingsChange(rules={"max_score": 9, "max_points": 45}))

    answers = [
        service.update(Update(contest_id="chess", user_id="ada", points=points))
        for points in (0, -1, -46, -45)
    ]

    assert list(map(code, answers)) == ["OK", "OUT_OF_RANGE", "OUT_OF_RANGE", "OK"]
    rejections = [each.metadata for each in answers if isinstance(each, Rejection)]
    assert rejections[0]["maxScore"] == "9"
    assert rejections[1]["maxPoints"] == "45"


def test_attributes_are_merged_within_limits(service: Service) -> None:
    """An empty value removes one; a change of them moves nobody; too many are rejected."""
    first = Update(contest_id="chess", user_id="ada", attributes=(("a", "1"), ("b", "2")))
    second = Update(contest_id="chess", user_id="ada", attributes=(("b", ""), ("c", "3")))
    many = tuple((f"k{number}", "v") for number in range(7))
    third = Update(contest_id="chess", user_id="ada", attributes=many)

    answers = [service.update(update) for update in (first, second, third)]

    assert isinstance(answers[1], Result)
    assert answers[1].user.attributes == (("a", "1"), ("c", "3"))
    assert (answers[1].applied, answers[1].position.revision) == (True, 2)
    assert code(answers[2]) == "INVALID_ARGUMENT"


def test_name_can_be_cleared_and_a_replay_has_the_present_one(service: Service) -> None:
    """A replay has the first numbers, with the name and the attributes of now."""
    give(service, "ada", 5, request_id="one", display_name="Ada")
    service.update(
        Update(
            contest_id="chess",
            user_id="ada",
            points=1,
            attributes=(("team", "red"),),
            clear_display_name=True,
        )
    )

    replay = give(service, "ada", 5, request_id="one", display_name="Ada")

    assert replay.user == RankedUser("ada", 5, 1, "", 1, (("team", "red"),))


def test_request_with_the_default_mode_named_is_another_one(service: Service) -> None:
    """The payload is the request as it was sent."""
    give(service, "ada", 5, request_id="one")
    named = Update(
        contest_id="chess", user_id="ada", points=5, request_id="one", mode=Mode.INCREMENT
    )

    assert code(service.update(named)) == "ALREADY_EXISTS"


def test_creation_is_idempotent_for_equal_settings(service: Service) -> None:
    """It takes the first revision; other settings are rejected."""
    settings = Settings(display_name="Chess")

    answers = [service.create_contest("chess", each) for each in (settings, settings, Settings())]

    assert list(map(code, answers)) == ["OK", "OK", "ALREADY_EXISTS"]
    assert answers[0] == answers[1]
    assert service.position("chess") == Position(1, 1)


def test_order_is_locked_once_there_are_scores(service: Service) -> None:
    """A change of it is rejected then, one that makes no difference is not."""
    create(service)
    lowest = SettingsChange(rules={"order": Order.LOWEST_FIRST})
    dense = SettingsChange(rules={"rank_style": RankStyle.DENSE})
    before = service.update_contest("chess", lowest)
    give(service, "ada", 1)

    codes = [code(service.update_contest("chess", each)) for each in (lowest, dense)]

    assert (code(before), codes) == ("OK", ["OK", "FAILED_PRECONDITION"])
    assert service.present("chess").settings_revision == 2


def test_contests_are_listed_in_order(service: Service) -> None:
    """Those that exist, whether they were created or began with a score."""
    create(service)
    for contest_id in ("go", "Chess", "checkers"):
        service.update(Update(contest_id=contest_id, user_id="ada"))
    service.top("cheap")

    found = service.contests("che")

    assert [contest.contest_id for contest in found] == ["checkers", "chess"]
