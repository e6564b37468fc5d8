"""Request ids of imported events, which follow from their values."""

from uuid import UUID, uuid5

from leaderboard.v1 import leaderboard_pb2 as pb

_NAMESPACE = UUID("6d0c7c1e-52d5-4a0b-9a3c-7e2f6a9d5b41")
_SEPARATOR = "\x1f"


class EventIds:
    """Derives the request ids of the events of one file, so that a second import counts nothing.

    An id follows from the values of the event and from the number of equal events before it in the
    file, not from the number or the spelling of its line. The same file has the same ids each time,
    also after lines were appended, its columns reordered or its format changed, while two equal
    events of one file have two ids. Inserting or removing an event leaves the ids of all different
    events as they are. An event without a mode has the id of one with the mode `increment`.
    """

    def __init__(self) -> None:
        self._repeats: dict[int, int] = {}

    def next_for(self, update: pb.UpdateScoreRequest) -> str:
        """Return the request id of the next event: a UUID as text."""
        time = update.event_time
        content = _SEPARATOR.join(
            (
                update.contest_id,
                update.user_id,
                str(update.points),
                str(update.mode or 1),
                update.event_type,
                f"{time.seconds}.{time.nanos:09}" if update.HasField("event_time") else "",
                update.display_name,
                *(f"{key}={value}" for key, value in sorted(update.attributes.items())),
            )
        )
        base = uuid5(_NAMESPACE, content)
        repeat = self._repeats.get(base.int, 0)
        self._repeats[base.int] = repeat + 1
        return str(uuid5(base, str(repeat)) if repeat else base)
