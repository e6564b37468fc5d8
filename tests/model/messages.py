"""Converts users and updates between the model and messages."""

from leaderboard.v1 import leaderboard_pb2 as pb
from model.records import (
    RankedUser,
    Update,
)


def user_of(message: pb.RankedUser) -> RankedUser:
    """Convert the user of a message."""
    return RankedUser(
        message.user_id,
        message.score,
        message.rank,
        message.display_name,
        message.place,
        tuple(sorted(message.attributes.items())),
    )


def update_message(update: Update) -> pb.UpdateScoreRequest:
    """Convert an update of the model."""
    request = pb.UpdateScoreRequest(
        contest_id=update.contest_id,
        user_id=update.user_id,
        points=update.points,
        mode=pb.UpdateMode.Name(update.mode.value),
        request_id=update.request_id,
        event_type=update.event_type,
        display_name=update.display_name,
        attributes=dict(update.attributes),
        clear_display_name=update.clear_display_name,
        season=update.season,
    )
    if update.event_time is not None:
        request.event_time.seconds, request.event_time.nanos = update.event_time
        request.event_time.SetInParent()
    return request
