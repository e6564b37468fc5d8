"""Calls `ContestService` of a real server with the requests of the model."""

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import contests_pb2 as pb
from leaderboard.v1 import contests_pb2_grpc, leaderboard_pb2
from model.contest_records import (
    Contest,
    ContestState,
    HiddenUsers,
    Schedule,
    Season,
    Settings,
    SettingsChange,
    Time,
    UsersChanged,
)
from model.epochs import Epochs
from model.messages import user_of
from model.records import (
    Mode,
    Order,
    RankedUser,
    RankStyle,
    Rejection,
    Rules,
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
            starts_at=_time(settings.starts_at),
            ends_at=_time(settings.ends_at),
            reset_schedule=_schedule(settings.reset_schedule),
            keep_seasons=settings.keep_seasons,
        )
        return self._one(self._stub.CreateContest, pb.CreateContestRequest(contest=contest))

    def update_contest(self, contest_id: str, change: SettingsChange) -> Contest | Rejection:
        """Change settings of a contest."""
        contest = pb.Contest(
            contest_id=contest_id,
            display_name=change.display_name,
            rules=_rules(change.rules),
            starts_at=_time(change.times.get("starts_at")),
            ends_at=_time(change.times.get("ends_at")),
            reset_schedule=_schedule(change.seasons.get("reset_schedule")),
            keep_seasons=change.seasons.get("keep_seasons"),
        )
        request = pb.UpdateContestRequest(contest=contest)
        request.update_mask.paths.extend(f"rules.{name}" for name in change.rules)
        request.update_mask.paths.extend((*change.times, *change.seasons))
        if change.display_name is not None:
            request.update_mask.paths.append("display_name")
        return self._one(self._stub.UpdateContest, request)

    def contest(self, contest_id: str) -> Contest | Rejection:
        """Return a contest."""
        return self._one(self._stub.GetContest, pb.GetContestRequest(contest_id=contest_id))

    def contests(
        self, prefix: str, state: ContestState | None = None, page_size: int = 2
    ) -> list[Contest]:
        """Return the contests whose id begins with a prefix, of one state or all, page by page."""
        contests: list[Contest] = []
        request = pb.ListContestsRequest(
            id_prefix=prefix, page_size=page_size, state=pb.ContestState.Name(state or 0)
        )
        while True:
            page = self._stub.ListContests(request, timeout=DEADLINE_S)
            assert len(page.contests) <= page_size
            contests += map(self._contest, page.contests)
            if not page.next_page_token:
                return contests
            request.page_token = page.next_page_token

    def reset_contest(self, contest_id: str, season: int) -> Contest | Rejection:
        """End a season of a contest."""
        request = pb.ResetContestRequest(contest_id=contest_id, season=season)
        return self._one(self._stub.ResetContest, request)

    def seasons(self, contest_id: str, page_size: int = 2) -> list[Season] | Rejection:
        """Return the seasons of a contest, the latest first, page by page."""
        seasons: list[Season] = []
        request = pb.ListSeasonsRequest(contest_id=contest_id, page_size=page_size)
        while True:
            try:
                page = self._stub.ListSeasons(request, timeout=DEADLINE_S)
            except grpc.RpcError as error:
                return rejection_of_error(error)
            assert len(page.seasons) <= page_size
            seasons += (self._season(contest_id, season) for season in page.seasons)
            if not page.next_page_token:
                return seasons
            request.page_token = page.next_page_token

    def _season(self, contest_id: str, message: pb.Season) -> Season:
        ended = message.ended_at.ToMilliseconds() if message.HasField("ended_at") else None
        return Season(
            number=message.number,
            started_at_ms=message.started_at.ToMilliseconds(),
            ended_at_ms=ended,
            total_users=message.total_users,
            position=self._epochs.read(contest_id, message.position),
        )

    def delete_contest(self, contest_id: str, history: int | None) -> None:
        """Delete a contest if it has this history, or any if that is None."""
        epoch = "" if history is None else self._epochs.text(contest_id, history)
        request = pb.DeleteContestRequest(contest_id=contest_id, epoch=epoch)
        self._stub.DeleteContest(request, timeout=DEADLINE_S)

    def remove_users(self, contest_id: str, user_ids: Sequence[str]) -> UsersChanged:
        """Remove users of a contest."""
        request = pb.RemoveUsersRequest(contest_id=contest_id, user_ids=user_ids)
        return self._changed(contest_id, self._stub.RemoveUsers(request, timeout=DEADLINE_S))

    def hide_users(self, contest_id: str, user_ids: Sequence[str]) -> UsersChanged:
        """Hide users of a contest."""
        request = pb.HideUsersRequest(contest_id=contest_id, user_ids=user_ids)
        return self._changed(contest_id, self._stub.HideUsers(request, timeout=DEADLINE_S))

    def unhide_users(self, contest_id: str, user_ids: Sequence[str]) -> UsersChanged:
        """End the hiding of users of a contest."""
        request = pb.UnhideUsersRequest(contest_id=contest_id, user_ids=user_ids)
        return self._changed(contest_id, self._stub.UnhideUsers(request, timeout=DEADLINE_S))

    def hidden_users(self, contest_id: str, page_size: int = 2) -> HiddenUsers:
        """Return the hidden users of a contest, page by page."""
        users: list[RankedUser] = []
        without_score: list[str] = []
        request = pb.ListHiddenUsersRequest(contest_id=contest_id, page_size=page_size)
        while True:
            page = self._stub.ListHiddenUsers(request, timeout=DEADLINE_S)
            assert len(page.users) + len(page.user_ids_without_score) <= page_size
            users += map(user_of, page.users)
            without_score += page.user_ids_without_score
            if not page.next_page_token:
                users.sort(key=lambda user: user.user_id)
                return HiddenUsers(users=tuple(users), without_score=tuple(sorted(without_score)))
            request.page_token = page.next_page_token

    def erase_user(self, user_id: str) -> int:
        """Erase a user from all contests; return how many held it."""
        changed = 0
        request = pb.EraseUserRequest(user_id=user_id)
        while True:
            part = self._stub.EraseUser(request, timeout=DEADLINE_S)
            changed += int(part.contests_changed)
            if not part.next_page_token:
                return changed
            request.page_token = part.next_page_token

    def _changed(self, contest_id: str, response: Any) -> UsersChanged:
        position = self._epochs.read(contest_id, response.position)
        return UsersChanged(count=response.count, position=position)

    def _one(self, method: Any, request: Any) -> Contest | Rejection:
        try:
            return self._contest(method(request, timeout=DEADLINE_S).contest)
        except grpc.RpcError as error:
            return rejection_of_error(error)

    def _contest(self, message: pb.Contest) -> Contest:
        next_reset = message.next_reset_at
        return Contest(
            contest_id=message.contest_id,
            settings=Settings(
                display_name=message.display_name,
                rules=rules_of_message(message.rules),
                starts_at=Time(message.starts_at.seconds) if message.starts_at.seconds else None,
                ends_at=Time(message.ends_at.seconds) if message.ends_at.seconds else None,
                reset_schedule=_schedule_of(message),
                keep_seasons=message.keep_seasons if message.HasField("keep_seasons") else None,
            ),
            state=ContestState(message.state),
            season=message.season,
            total_users=message.total_users,
            position=self._epochs.read(message.contest_id, message.position),
            created_at_ms=message.created_at.ToMilliseconds(),
            next_reset_at_ms=next_reset.ToMilliseconds() if next_reset.seconds else None,
        )


def _schedule_of(message: pb.Contest) -> Schedule | None:
    if not message.HasField("reset_schedule"):
        return None
    schedule = message.reset_schedule
    return next(each for each in Schedule if each.value[:2] == (schedule.cron, schedule.time_zone))


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


def _schedule(schedule: Schedule | None) -> pb.ResetSchedule | None:
    if schedule is None:
        return None
    cron, time_zone, _ = schedule.value
    return pb.ResetSchedule(cron=cron, time_zone=time_zone)


def _time(time: Time | None) -> Timestamp | None:
    return Timestamp(seconds=time) if time else None
