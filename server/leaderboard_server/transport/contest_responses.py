"""Encodes contests as response bytes."""

from collections.abc import Iterable

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_server.domain.contest import Contest
from leaderboard_server.domain.seasons import SeasonsPage
from leaderboard_server.transport.life import put_life, put_time
from leaderboard_server.transport.page_tokens import encode_token
from leaderboard_server.transport.rules import put_rules
from leaderboard_server.transport.season_requests import encode_before
from leaderboard_server.transport.season_settings import put_seasons


def created(contest: Contest) -> bytes:
    """Encode the response of `CreateContest`."""
    response = pb.CreateContestResponse()
    _put_contest(response.contest, contest)
    return response.SerializeToString()


def read(contest: Contest) -> bytes:
    """Encode the response of `GetContest`."""
    response = pb.GetContestResponse()
    _put_contest(response.contest, contest)
    return response.SerializeToString()


def updated(contest: Contest) -> bytes:
    """Encode the response of `UpdateContest`."""
    response = pb.UpdateContestResponse()
    _put_contest(response.contest, contest)
    return response.SerializeToString()


def reset(contest: Contest) -> bytes:
    """Encode the response of `ResetContest`."""
    response = pb.ResetContestResponse()
    _put_contest(response.contest, contest)
    return response.SerializeToString()


def seasons(page: SeasonsPage) -> bytes:
    """Encode the response of `ListSeasons`."""
    response = pb.ListSeasonsResponse(next_page_token=encode_before(page.next_before))
    for season in page.seasons:
        target = response.seasons.add(number=season.number, total_users=season.total_users)
        if season.started_at_ms is not None:
            put_time(target.started_at, season.started_at_ms)
        if season.ended_at_ms is not None:
            put_time(target.ended_at, season.ended_at_ms)
        target.position.epoch, target.position.revision = season.position
    return response.SerializeToString()


class PageResponse:
    """The response of `ListContests`, built from some contests at a time."""

    def __init__(self, next_after: str) -> None:
        """Begin a page; `next_after` is the contest that the next page comes after."""
        self._message = pb.ListContestsResponse(next_page_token=encode_token(next_after))

    def add(self, contests: Iterable[Contest]) -> None:
        """Append contests."""
        for contest in contests:
            _put_contest(self._message.contests.add(), contest)

    def encoded(self) -> bytes:
        """Return the bytes of the response."""
        encoded: bytes = self._message.SerializeToString()
        return encoded


def _put_contest(target: pb.Contest, contest: Contest) -> None:
    target.contest_id = contest.contest_id
    target.display_name = contest.settings.display_name
    put_rules(target.rules, contest.settings.rules)
    target.total_users = contest.total_users
    target.position.epoch, target.position.revision = contest.position
    put_life(target, contest)
    put_seasons(target, contest)
    if contest.created_at_s is not None:
        target.created_at.seconds = contest.created_at_s
        target.created_at.SetInParent()
