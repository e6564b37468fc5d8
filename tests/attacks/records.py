"""The calls of the good client, and what they say of the server."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

SETTLED_S = 0.5
"""A server is well again once all calls of this time are as they were before."""


class Record(NamedTuple):
    """One call."""

    at: float
    """The time for which it was scheduled, by the monotonic clock of the machine."""
    seconds: float
    """From then to its end."""
    kind: str
    status: str
    """The name of its gRPC status, and the limit that it was over."""

    @property
    def failed(self) -> bool:
        """Whether it got no answer."""
        return self.status != "OK"


class Records:
    """The calls of a client, in the order of their schedule."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = sorted(records)

    def write(self, file: Path) -> None:
        """Write all calls to a file."""
        with file.open("w", newline="") as out:
            csv.writer(out).writerows(self._records)

    @classmethod
    def read(cls, file: Path) -> "Records":
        """Read what `write` wrote."""
        with file.open(newline="") as lines:
            return cls(
                Record(float(at), float(seconds), kind, status)
                for at, seconds, kind, status in csv.reader(lines)
            )

    def between(self, first: float, last: float) -> "Records":
        """Return the calls that were scheduled in a time."""
        return Records(record for record in self._records if first <= record.at < last)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def failures(self) -> Counter[str]:
        """How many calls failed, by kind and status."""
        failed = (record for record in self._records if record.failed)
        return Counter(f"{record.kind} {record.status}" for record in failed)

    def p99(self, kinds: Sequence[str]) -> float:
        """Return the 99th percentile of the seconds of calls of these kinds, failed ones too."""
        times = sorted(record.seconds for record in self._records if record.kind in kinds)
        return times[math.ceil(len(times) * 0.99) - 1] if times else math.nan

    def recovery(self, end: float, slow: float) -> float:
        """Return when, after the end of an attack, the server was well again.

        Args:
            end: The end of the attack.

            slow: The time of a call that is as bad as a failure.

        Returns:
            The seconds after which no call failed or was slow for `SETTLED_S`, infinite if there
            is no such time among the records.
        """
        after = [record for record in self._records if record.at >= end]
        bad = [record.at for record in after if record.failed or record.seconds > slow]
        last = after[-1].at if after else end
        starts = [end, *bad]
        for start, following in zip(starts, [*bad, last], strict=True):
            if following - start >= SETTLED_S:
                return start - end
        return math.inf
