"""A board to look at: a league in its second half, whose players come from many countries."""

from collections.abc import Mapping

from browser.site import Site
from leaderboard.v1 import leaderboard_pb2 as pb
from sample.players import scorers

_FIRST_SCORE = 18_420
_GAPS = (310, 45, 220, 15, 130, 75, 0, 190, 60, 25, 145, 80, 30, 110, 0, 95, 40, 170, 20, 65)
"""By how much each player is behind the one before; the last one is followed by the first."""

_GAINS = {"player-7": 260, "player-3": 95, "player-11": 130, "player-5": 40}
"""Points of some players, most of whom overtake others."""


def _scores() -> dict[str, int]:
    scores: dict[str, int] = {}
    score = _FIRST_SCORE
    for number, player in enumerate(scorers()):
        scores[player.user_id] = score
        score -= _GAPS[number % len(_GAPS)]
    return scores


def _updates(contest_id: str, scores: Mapping[str, int]) -> list[pb.UpdateScoreRequest]:
    return [
        pb.UpdateScoreRequest(
            contest_id=contest_id,
            user_id=player.user_id,
            points=scores[player.user_id],
            mode=pb.UPDATE_MODE_SET,
            display_name=player.name,
            attributes=player.attributes,
        )
        for player in scorers()
    ]


async def make_league(site: Site) -> str:
    """Create the contest, with a season that is over before the current one."""
    contest_id = await site.contest(display_name="Harbour League")
    await site.send(_updates(contest_id, _scores()))
    await site.end_season(contest_id, await site.season_of(contest_id))
    await site.send(_updates(contest_id, _scores()))
    return contest_id


async def move(site: Site, contest_id: str) -> pb.Position:
    """Let some players overtake others, and return the position of the last commit."""
    scores = _scores()
    return await site.write(
        contest_id, {user_id: scores[user_id] + points for user_id, points in _GAINS.items()}
    )
