"""Describes what a worker reports to its supervisor: a line of JSON on its standard output.

A worker reports once when it serves, once for each line on its standard input, and once before it
ends.
"""

from typing import NamedTuple, Self

import orjson

from leaderboard_server.metrics.totals import Snapshot

MAX_BYTES = 16 * 2**20
"""The longest line. The labels of metrics are bounded, so a report takes some 100 kB."""

REQUEST = b"\n"
"""The line that asks for a report."""


class ReportInvalid(Exception):
    """A line is no report, such as that of a worker started after an upgrade of the code."""


class Report(NamedTuple):
    """The state of a worker at one moment."""

    unready: str
    """Why it can't serve calls at present; empty if it can."""
    samples: Snapshot

    def encode(self) -> bytes:
        """Return the report as one line."""
        samples = [(name, labels, value) for (name, labels), value in self.samples.items()]
        return orjson.dumps({"unready": self.unready, "samples": samples}) + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Self:
        """Return the report of a line.

        Raises:
            ReportInvalid: It is none.
        """
        try:
            report = orjson.loads(line)
            samples = {
                (str(name), tuple((str(label), str(text)) for label, text in labels)): float(value)
                for name, labels, value in report["samples"]
            }
            return cls(str(report["unready"]), samples)
        except (ValueError, TypeError, KeyError) as error:
            raise ReportInvalid(f"{type(error).__name__}: {error}") from None
