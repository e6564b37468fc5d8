"""Messages of a watch as WebSocket frames, which have no mask: all sockets can share one."""

from websockets.frames import Frame, Opcode

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.position import Position
from leaderboard_web.json_messages import encode

_FIRST = b'"previousRevision":"0"'
"""Never stands inside a text, where quotes are escaped."""


def text_frame(payload: bytes) -> bytes:
    """Return the frame of a text message."""
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


SERVICE_LOST = text_frame(b'{"serviceLost":{}}')
"""Says that the board may be behind until the next message of the contract."""


def message_frame(message: pb.WatchContestResponse) -> bytes:
    """Return the frame of a message."""
    return text_frame(encode(message))


def progress_frame(position: Position, previous_revision: int) -> bytes:
    """Return the frame of a message without changes."""
    return message_frame(
        pb.WatchContestResponse(
            position=encoded(position), previous_revision=previous_revision, progress=pb.Progress()
        )
    )


def draining_frame(position: Position) -> bytes:
    """Return the frame of the last message before the gateway stops, to a watcher at a position."""
    return message_frame(
        pb.WatchContestResponse(
            position=encoded(position),
            previous_revision=position.revision,
            end=pb.End(reason=pb.END_REASON_DRAINING),
        )
    )


def following(first_message: bytes, previous_revision: int) -> bytes:
    """Return the JSON of a message that begins a watch, as one that follows another message."""
    return first_message.replace(_FIRST, b'"previousRevision":"%d"' % previous_revision, 1)


def encoded(position: Position) -> pb.Position:
    """Return the message of a position."""
    return pb.Position(epoch=position.epoch, revision=position.revision)


def decoded(position: pb.Position) -> Position:
    """Return the position of a message."""
    return Position(position.epoch, position.revision)
