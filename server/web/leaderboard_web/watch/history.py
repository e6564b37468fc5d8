"""The latest messages of a watch, numbered and bounded."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.results import RankedUser
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason

_ROW_BYTES = 100
"""The memory of a row before a change, where others shifted it."""
_COPIES = 3
"""The memory of a message, which is kept as an object too, compared to its frame."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """A message of the service, which leads from one position to the next."""

    before: Position
    position: Position
    at: float
    """When it arrived, in seconds of the clock."""
    frame: bytes = b""
    """What readers are sent; empty for a snapshot: they are sent one of the current board."""
    reason: SnapshotReason | None = None
    """That of a snapshot."""
    changes: Sequence[pb.ScoreChange] = ()
    rows_before: tuple[RankedUser, ...] = ()
    """The rows before the changes."""

    @property
    def size(self) -> int:
        """The memory that it takes, by estimate."""
        return _COPIES * len(self.frame) + _ROW_BYTES * len(self.rows_before)


class History:
    """The latest entries. The first one that there was has the number 0."""

    def __init__(self, max_entries: int, max_bytes: int, max_age_s: float) -> None:
        """Keep so many entries, and fewer if they are large or old, but always the latest one."""
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self.next = 0
        """The number of the next entry."""

    @property
    def first(self) -> int:
        """The number of the oldest entry."""
        return self.next - len(self._entries)

    @property
    def latest(self) -> Entry:
        """The latest entry; there must be one."""
        return self._entries[-1]

    def append(self, entry: Entry) -> None:
        """Add the next entry, and drop the oldest ones beyond the bounds."""
        self._entries.append(entry)
        self._bytes += entry.size
        self.next += 1
        while len(self._entries) > 1 and (
            len(self._entries) > self._max_entries
            or self._bytes > self._max_bytes
            or self._entries[0].at < entry.at - self._max_age_s
        ):
            self._bytes -= self._entries.popleft().size

    def between(self, first: int, end: int) -> list[Entry]:
        """Return the entries from a number up to another one, as far as they are kept."""
        oldest = self.first
        return list(islice(self._entries, max(0, first - oldest), max(0, end - oldest)))

    def number_after(self, position: Position) -> int | None:
        """Return the number of the latest entry that follows a position, if it is kept."""
        for number, entry in enumerate(reversed(self._entries), 1):
            if entry.before == position:
                return self.next - number
        return None
