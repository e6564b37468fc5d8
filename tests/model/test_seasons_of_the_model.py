"""Tests of the model itself: seasons that end, and what they keep."""

from typing import Any

import pytest

from model.board import Service
from model.calls import code, give
from model.contest_history import Clock
from model.contest_records import Contest, Schedule, Season, Settings, SettingsChange
from model.records import Position, RankedUser, Result, Top, Update

MINUTE_MS = 60_000


class Seasons:
    """A model whose time passes, with one contest that has a season each minute."""

    def __init__(self) -> None:
        self.clock = Clock(0)
        self.service = Service(self.clock)
        self.create()

    def create(self, **settings: Any) -> None:
        """Create the contest."""
        minutes = Settings(reset_schedule=Schedule.MINUTES, **settings)
        assert code(self.service.create_contest("chess", minutes)) == "OK"

    def pass_minutes(self, count: int = 1) -> None:
        """Let time pass."""
        self.clock.now_ms += count * MINUTE_MS

    def users(self, season: int, age: int = 0) -> dict[str, int] | str:
        """Return the scores of a season, or the code of its rejection."""
        top = self.service.top("chess", season=season, age=age)
        return {u.user_id: u.score for u in top.users} if isinstance(top, Top) else code(top)

    def numbers(self) -> list[int]:
        """Return the numbers of all seasons."""
        seasons = self.service.seasons("chess")
        assert isinstance(seasons, list)
        return [season.number for season in seasons]


@pytest.fixture(name="model")
def _model() -> Seasons:
    return Seasons()


def test_a_season_ends_at_its_boundary(model: Seasons) -> None:
    """The next one begins with an empty board and a revision of its own, in another history."""
    give(model.service, "ada", 5)
    model.pass_minutes()
    later = give(model.service, "ada", 1)

    assert (later.user.score, later.previous_score, later.previous_rank) == (1, 0, 0)
    assert later.position == Position(2, 4)
    assert model.service.seasons("chess") == [
        Season(
            number=2,
            started_at_ms=MINUTE_MS,
            ended_at_ms=None,
            total_users=1,
            position=Position(2, 4),
        ),
        Season(
            number=1,
            started_at_ms=0,
            ended_at_ms=MINUTE_MS,
            total_users=1,
            position=Position(1, 2),
        ),
    ]
    assert (model.users(1), model.users(-1), model.users(2)) == ({"ada": 5}, {"ada": 5}, {"ada": 1})


def test_empty_seasons_are_one(model: Seasons) -> None:
    """Nothing ends without scores, and ten boundaries that are missed end one season."""
    model.pass_minutes(3)
    assert model.numbers() == [1]
    give(model.service, "ada", 5)
    model.pass_minutes(10)
    assert model.numbers() == [2, 1]
    contest = model.service.contest("chess")
    assert isinstance(contest, Contest)
    assert (contest.season, contest.next_reset_at_ms) == (2, 14 * MINUTE_MS)


def test_names_come_from_the_season_before(model: Seasons) -> None:
    """With the first write; a hidden user stays hidden, without its score."""
    give(model.service, "ada", 5, display_name="Ada")
    give(model.service, "bo", 7, display_name="Bo")
    model.service.hide_users("chess", ["bo"])
    model.pass_minutes()

    assert give(model.service, "ada", 1).user == RankedUser("ada", 1, 1, "Ada", 1)
    assert model.service.hidden_users("chess").without_score == ("bo",)
    assert give(model.service, "bo", 1).user == RankedUser("bo", 1, 0, "Bo", 0)
    assert model.users(1) == {"ada": 5}
    model.pass_minutes()
    give(model.service, "cy", 1)
    model.pass_minutes()
    assert give(model.service, "ada", 1).user.display_name == ""


def test_a_write_may_name_its_season(model: Seasons) -> None:
    """One of another season is rejected, but for the repeat of a write of that season."""
    late = Update(contest_id="chess", user_id="ada", points=1, request_id="one", season=1)
    first = model.service.update(late)
    model.pass_minutes()

    again = model.service.update(late)
    assert isinstance(first, Result)
    assert isinstance(again, Result)
    assert (again.replayed, again.user) == (True, first.user)
    assert (first.position, again.position) == (Position(1, 2), Position(2, 2))
    other = Update(contest_id="chess", user_id="ada", points=1, season=1)
    assert code(model.service.update(other)) == "FAILED_PRECONDITION"


def test_a_reset_ends_the_season_that_it_names(model: Seasons) -> None:
    """Also one without scores; an earlier one is no error, a later one is."""
    model.pass_minutes(1)
    codes = [code(model.service.reset_contest("chess", season)) for season in (2, 1, 1, 3)]

    assert codes == ["FAILED_PRECONDITION", "OK", "OK", "FAILED_PRECONDITION"]
    assert model.numbers() == [2, 1]
    assert code(model.service.reset_contest("go", 1)) == "NOT_FOUND"


def test_old_seasons_go(model: Seasons) -> None:
    """As many are kept as the settings say when a season ends."""
    for _ in range(4):
        give(model.service, "ada", 5)
        model.pass_minutes()
    model.service.update_contest("chess", SettingsChange(seasons={"keep_seasons": 1}))
    give(model.service, "ada", 5)
    model.pass_minutes()

    assert model.numbers() == [6, 5]
    assert [model.users(season) for season in (4, 6, 7)] == ["NOT_FOUND", {}, "NOT_FOUND"]
    assert model.users(4, age=1) == {"ada": 5}


def test_an_erasure_reaches_kept_seasons(model: Seasons) -> None:
    """Each that held the user takes a revision; reads of before may be repeated."""
    give(model.service, "ada", 5)
    give(model.service, "bo", 5)
    model.pass_minutes()

    assert model.service.erase_user("ada") == 1
    assert model.service.erase_user("ada") == 0
    assert [model.users(1, age) for age in model.service.ages("chess", 1)] == [
        {"bo": 5},
        {"ada": 5, "bo": 5},
    ]
    assert model.service.position("chess") == Position(2, 4)


def test_a_deleted_contest_begins_with_season_1(model: Seasons) -> None:
    """Its kept seasons are gone, and the next history follows that of its last season."""
    give(model.service, "ada", 5)
    model.pass_minutes()
    model.service.delete_contest("chess", 2)
    model.create()

    assert (model.numbers(), model.users(-1)) == ([1], "NOT_FOUND")
    assert model.service.position("chess") == Position(3, 1)
