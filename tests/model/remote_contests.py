"""Calls `ContestService` of a real server with the requests of the model."""

from typing import Any

import grpc

from leaderboard.v1 import contests_pb2 as pb
from leaderboard.v1 import contests_pb2_grpc, leaderboard_pb2
from model.epochs import Epochs
from model.records import (
    Contest,
    Mode,
    Order,
    RankStyle,
    Rejection,
    Rules,
    Settings,
    SettingsChange,
    TieBreak,
)
from model.statuses import rejection_of_error

DEADLINE_S = 10.0


class RemoteContests:
    """The contests of one server, with the methods of the model `Service`."""

    def __init__(self, channel: grpc.Channel, epochs: Epochs) -> None:
        self._stub = contests_pb2_grpc.ContestServiceStub(channel)
        self._epochs = epochs

    def create_contest(self, contest_id: str, settings: Settings) -> Contest | Rejection:
        """Create a contest."""
        contest = pb.Contest(
            contest_id=contest_id,
            display_name=settings.display_name,
            rules=_rules(vars(settings.rules)),
        )
        return self._one(self._stub.CreateContest, pb.CreateContestRequest(contest=contest))

    def update_contest(self, contest_id: str, change: SettingsChange) -> Contest | Rejection:
        """Change settings of a contest."""
        contest = pb.Contest(
            contest_id=contest_id, display_name=change.display_name, rules=_rules(change.rules)
        )
        request = pb.UpdateContestRequest(contest=contest)
        request.update_mask.paths.extend(f"rules.{name}" for name in change.rules)
        if change.display_name is not None:
            request.update_mask.paths.append("display_name")
        return self._one(self._stub.UpdateContest, request)

    def contest(self, contest_id: str) -> Contest | Rejection:
        """Return a contest."""
        return self._one(self._stub.GetContest, pb.GetContestRequest(contest_id=contest_id))

    def contests(self, prefix: str, page_size: int = 2) -> list[Contest]:
        """Return all contests whose id begins with a prefix, page by page."""
        contests: list[Contest] = []
        request = pb.ListContestsRequest(id_prefix=prefix, page_size=page_size)
        while True:
            page = self._stub.ListContests(request, timeout=DEADLINE_S)
            assert len(page.contests) <= page_size
            contests += map(self._contest, page.contests)
            if not page.next_page_token:
                return contests
            request.page_token = page.next_page_token

    def _one(self, method: Any, request: Any) -> Contest | Rejection:
        try:
            return self._contest(method(request, timeout=DEADLINE_S).contest)
        except grpc.RpcError as error:
            return rejection_of_error(error)

    def _contest(self, message: pb.Contest) -> Contest:
        assert message.created_at.seconds > 0
        return Contest(
            contest_id=message.contest_id,
            settings=Settings(
                display_name=message.display_name, rules=rules_of_message(message.rules)
            ),
            total_users=message.total_users,
            position=self._epochs.read(message.contest_id, message.position),
        )


def rules_of_message(message: leaderboard_pb2.ContestRules) -> Rules:
    """Convert the rules of a message, which has a value for each of the first four."""
    bounds = {
        name: getattr(message, name)
        for name in ("min_score", "max_score", "max_points")
        if message.HasField(name)
    }
    return Rules(
        order=Order(message.order),
        tie_break=TieBreak(message.tie_break),
        rank_style=RankStyle(message.rank_style),
        default_mode=Mode(message.default_mode),
        **bounds,
    )


def _rules(rules: Any) -> leaderboard_pb2.ContestRules:
    """Convert rules by name; what is None is not set."""
    return leaderboard_pb2.ContestRules(**rules)
