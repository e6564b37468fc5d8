"""Names each event of a file, so that importing the file again counts nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from leaderboard.v1.leaderboard_pb2 import UpdateScoreRequest

_NAMESPACE = UUID("6d0c7c1e-52d5-4a0b-9a3c-7e2f6a9d5b41")
_SEPARATOR = "\x1f"


class EventIds:
    """Derives the request ids of the events of one file, in the order of the file.

    An id follows from what the event says and from how many events before it in the file say
    exactly the same, not from the number or the spelling of its line. So the same file has the same
    ids each time, also when lines were appended, its columns reordered or its format changed, while
    two equal events of one file are two events. An event that was inserted or removed leaves the
    ids of all different events as they are.
    """

    def __init__(self) -> None:
        self._repeats: dict[int, int] = {}

    def next_for(self, update: UpdateScoreRequest) -> str:
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
            )
        )
        base = uuid5(_NAMESPACE, content)
        repeat = self._repeats.get(base.int, 0)
        self._repeats[base.int] = repeat + 1
        return str(uuid5(base, str(repeat)) if repeat else base)
