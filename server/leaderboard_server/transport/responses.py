"""Encodes results and watch messages as response bytes."""

import functools
import weakref
from collections.abc import Callable, Iterable
from typing import TypeVar

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.board import Page, RankedUser, ScoreRank, Standing, Users
from leaderboard_server.domain.change import ScoreChange
from leaderboard_server.domain.errors import AttributesTooLarge, LeaderboardError
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import UpdateResult
from leaderboard_server.domain.watch import (
    Changes,
    End,
    EndReason,
    Progress,
    Snapshot,
    SnapshotReason,
    WatchMessage,
)
from leaderboard_server.transport.requests import SECOND_NS
from leaderboard_server.transport.rules import put_rules
from leaderboard_server.transport.statuses import brief_status_of, status_of

MAX_REFUSAL_BYTES = 2**16
"""Refusals of a batch that have all details; the later ones have no descriptions of fields."""

Value = TypeVar("Value")

_SNAPSHOT_REASONS = {
    SnapshotReason.INITIAL: pb.SNAPSHOT_REASON_INITIAL,
    SnapshotReason.HISTORY_TRIMMED: pb.SNAPSHOT_REASON_HISTORY_TRIMMED,
    SnapshotReason.NEW_EPOCH: pb.SNAPSHOT_REASON_NEW_EPOCH,
    SnapshotReason.LAGGED: pb.SNAPSHOT_REASON_LAGGED,
    SnapshotReason.AHEAD: pb.SNAPSHOT_REASON_AHEAD,
    SnapshotReason.CONTEST_UPDATED: pb.SNAPSHOT_REASON_CONTEST_UPDATED,
    SnapshotReason.NEW_SEASON: pb.SNAPSHOT_REASON_NEW_SEASON,
}
_END_REASONS = {
    EndReason.DRAINING: pb.END_REASON_DRAINING,
    EndReason.CONTEST_OVER: pb.END_REASON_CONTEST_OVER,
    EndReason.CONTEST_DELETED: pb.END_REASON_CONTEST_DELETED,
}


def encoded_once(encode: Callable[[Value], bytes]) -> Callable[[Value], bytes]:
    """Make an encoder keep the bytes of each object for as long as the object lives."""
    entries: dict[int, tuple[weakref.ref[Value], bytes]] = {}

    @functools.wraps(encode)
    def encode_once(value: Value) -> bytes:
        key = id(value)
        entry = entries.get(key)
        if entry is None:
            # The entry is removed with the object, before another object can get the same id.
            reference = weakref.ref(value, lambda _: entries.pop(key, None))
            entry = entries[key] = reference, encode(value)
        return entry[1]

    return encode_once


def update_result(result: UpdateResult) -> bytes:
    """Encode the response of `UpdateScore`."""
    response = pb.UpdateScoreResponse()
    _put_result(response, result)
    return response.SerializeToString()


class BatchResponse:
    """The response of `BatchUpdateScores`, built from some outcomes at a time."""

    def __init__(self, on_error: Callable[[LeaderboardError], None]) -> None:
        """Start an empty response; `on_error` is called with the error of each refused update."""
        self._message = pb.BatchUpdateScoresResponse()
        self._on_error = on_error
        self._refusal_bytes = 0

    def add(self, outcomes: Iterable[UpdateResult | LeaderboardError]) -> None:
        """Append the outcomes of the next updates."""
        for outcome in outcomes:
            if isinstance(outcome, AttributesTooLarge):
                outcome = AttributesTooLarge(f"updates[{len(self._message.results)}].")  # noqa: PLW2901
            entry = self._message.results.add()
            if isinstance(outcome, UpdateResult):
                _put_result(entry.response, outcome)
            else:
                self._on_error(outcome)
                entry.status.MergeFromString(self._refusal(outcome))

    def encoded(self) -> bytes:
        """Return the bytes of the response."""
        encoded: bytes = self._message.SerializeToString()
        return encoded

    def _refusal(self, error: LeaderboardError) -> bytes:
        """Encode the status of a refused update: one with all details as long as there is room."""
        brief = self._refusal_bytes >= MAX_REFUSAL_BYTES
        status: bytes = (brief_status_of if brief else status_of)(error).SerializeToString()
        self._refusal_bytes += len(status)
        return status


@encoded_once
def page(read: Page) -> bytes:
    """Encode the response of `GetTopUsers`, once for all its readers."""
    response = pb.GetTopUsersResponse(total_users=read.total_users)
    for user in read.users:
        _put_user(response.users.add(), user)
    _put_position(response.position, read.position)
    return response.SerializeToString()


def standing(read: Standing) -> bytes:
    """Encode the response of `GetUserRank`."""
    response = pb.GetUserRankResponse(total_users=read.total_users, percentile=read.percentile)
    _put_user(response.user, read.user)
    for user in read.neighbors:
        _put_user(response.neighbors.add(), user)
    for user in read.around:
        _put_user(response.around.add(), user)
    _put_position(response.position, read.position)
    return response.SerializeToString()


def users(read: Users) -> bytes:
    """Encode the response of `BatchGetUserRanks`."""
    response = pb.BatchGetUserRanksResponse(
        missing_user_ids=read.missing, total_users=read.total_users
    )
    for user in read.users:
        _put_user(response.users.add(), user)
    _put_position(response.position, read.position)
    return response.SerializeToString()


def score_rank(read: ScoreRank) -> bytes:
    """Encode the response of `GetScoreRank`."""
    response = pb.GetScoreRankResponse(
        rank=read.rank, place=read.place, total_users=read.total_users
    )
    for user in read.around:
        _put_user(response.around.add(), user)
    _put_position(response.position, read.position)
    return response.SerializeToString()


@encoded_once
def watch_message(message: WatchMessage) -> bytes:
    """Encode a message of a watch, once for all its watchers."""
    response = pb.WatchContestResponse(previous_revision=message.previous_revision)
    _put_position(response.position, message.position)
    match message.event:
        case Snapshot():
            _put_snapshot(response.snapshot, message.event)
            response.snapshot.season = message.position.season
        case Changes(changes, total_users):
            for change in changes:
                _put_change(response.changes.changes.add(), change)
            response.changes.total_users = total_users
        case Progress():
            response.progress.SetInParent()
        case End(reason):
            response.end.reason = _END_REASONS[reason]
    return response.SerializeToString()


# Messages are filled in place: building each part and copying it in takes over twice as long.


def _put_snapshot(target: pb.Snapshot, snapshot: Snapshot) -> None:
    for user in snapshot.users:
        _put_user(target.users.add(), user)
    target.total_users = snapshot.total_users
    target.reason = _SNAPSHOT_REASONS[snapshot.reason]
    put_rules(target.rules, snapshot.rules)


def _put_change(target: pb.ScoreChange, change: ScoreChange) -> None:
    _put_user(target.user, change.user)
    target.previous_rank = change.previous_rank
    target.previous_place = change.previous_place
    target.points = change.points
    target.removed = change.removed
    target.event_type = change.event_type
    if change.event_time_ns is not None:
        target.event_time.seconds, target.event_time.nanos = divmod(change.event_time_ns, SECOND_NS)
        target.event_time.SetInParent()


def _put_result(target: pb.UpdateScoreResponse, result: UpdateResult) -> None:
    _put_user(target.user, result.user)
    target.previous_score = result.previous_score
    target.previous_rank = result.previous_rank
    target.previous_place = result.previous_place
    target.applied = result.applied
    target.replayed = result.replayed
    _put_position(target.position, result.position)


def _put_user(target: pb.RankedUser, user: RankedUser) -> None:
    target.user_id, target.score, target.rank, target.display_name, target.place, attributes = user
    if attributes:
        target.attributes.update(attributes)


def _put_position(target: pb.Position, position: Position) -> None:
    target.epoch, target.revision = position  # also "" and 0 make the message present
