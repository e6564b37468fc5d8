"""The sample contests: their settings, players and events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from leaderboard_client import (
    ContestRules,
    Order,
    RankStyle,
    ResetSchedule,
    ScoreUpdate,
    UpdateMode,
)
from sample.players import Player, guests, scorers


class Event(NamedTuple):
    """What happens to a player."""

    event_type: str
    points: int


@dataclass(frozen=True, kw_only=True)
class SampleContest:
    """A contest with its players, and what happens in it."""

    contest_id: str
    display_name: str
    players: Sequence[Player]
    draw: Callable[[Random, int], Event]
    """Draws an event of the player with this index; those at the front are the stronger ones."""
    rules: ContestRules = field(default_factory=ContestRules)
    schedule: ResetSchedule | None = None
    per_second: float = 0
    """The events a second, on average."""

    def first(self, random: Random) -> list[ScoreUpdate]:
        """Return an update of each player, with which a board begins."""
        return [self._update(random, index) for index in range(len(self.players))]

    def next(self, random: Random) -> ScoreUpdate:
        """Return the next update: stronger players have more of them."""
        # The index of the least of two draws is near the front more often.
        count = len(self.players)
        return self._update(random, min(random.randrange(count), random.randrange(count)))

    def _update(self, random: Random, index: int) -> ScoreUpdate:
        player, event = self.players[index], self.draw(random, index)
        return ScoreUpdate(
            self.contest_id,
            player.user_id,
            event.points,
            event_type=event.event_type,
            display_name=player.name,
            attributes=player.attributes,
        )


def _goal(random: Random, _: int) -> Event:
    return Event(random.choices(["goal", "penalty", "free-kick"], [7, 2, 1])[0], 1)


def _ride(random: Random, index: int) -> Event:
    """Draw the time of a ride in seconds; whole ones, so that some riders share a rank."""
    return Event("ride", 1_880 + index + int(random.expovariate(1 / 60)))


def _match(random: Random, _: int) -> Event:
    return random.choices([Event("win", 3), Event("draw", 1), Event("bonus", 1)], [5, 3, 2])[0]


def _reply(random: Random, _: int) -> Event:
    joker = Event("joker", random.choice([-20, 50, 100]))
    return random.choices([joker, Event("answer", 5 * random.randint(2, 6))], [15, 85])[0]


SCORERS = SampleContest(
    contest_id="top-scorers",
    display_name="Top scorers",
    players=scorers(),
    draw=_goal,
    per_second=0.5,
)
TIME_TRIAL = SampleContest(
    contest_id="time-trial",
    display_name="Hill climb, seconds",
    players=scorers()[4:28],
    draw=_ride,
    per_second=0.8,
    rules=ContestRules(
        order=Order.LOWEST_FIRST,
        rank_style=RankStyle.COMPETITION,
        default_mode=UpdateMode.BEST,
        min_score=1,
    ),
    schedule=ResetSchedule("0 * * * *"),
)
WEEKLY_CUP = SampleContest(
    contest_id="weekly-cup",
    display_name="Weekly cup",
    players=scorers()[:20],
    draw=_match,
    per_second=0.7,
    rules=ContestRules(rank_style=RankStyle.COMPETITION),
    schedule=ResetSchedule("0 18 * * SUN", "Europe/Berlin"),
)
QUIZ_NIGHT = SampleContest(
    contest_id="quiz-night",
    display_name="Quiz night",
    players=guests(150, tables=24),
    draw=_reply,
    per_second=3,
)
REGATTA = SampleContest(
    contest_id="winter-regatta", display_name="Winter regatta", players=(), draw=_match
)
SPRINT = SampleContest(
    contest_id="spring-sprint",
    display_name="Spring sprint",
    players=scorers()[6:18],
    draw=_reply,
)

MOVING = (SCORERS, TIME_TRIAL, WEEKLY_CUP, QUIZ_NIGHT)
