"""Sends the events of an import in order, in batches, until each is accepted or rejected."""

import time
from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import CallError
from leaderboard_cli.import_.event_file import EventLine
from leaderboard_cli.import_.lines import BadLine
from leaderboard_cli.import_.stats import ImportStats
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.retrying import Retrying
from leaderboard_client.rpc_status import error_from_update


class BadLineError(Exception):
    """The import stopped at a bad line."""

    def __init__(self, line: BadLine, *, sent_after: int = 0, taken_after: int = 0) -> None:
        """Stop at a line.

        Args:
            line: The first bad line.

            sent_after: How many later lines had been sent together with it.

            taken_after: How many of those the service accepted.
        """
        self.line = line
        along = f"later lines of its batch sent with it: {sent_after:,}, taken: {taken_after:,}"
        super().__init__(f"{line}; {along}" if sent_after else str(line))


class _Batch:
    """One batch while it is sent: the pending lines, and the results of the others."""

    def __init__(self, lines: Sequence[EventLine], stats: ImportStats) -> None:
        self._lines = lines
        self._stats = stats
        self._accepted: list[int] = []
        self.pending = lines
        self.rejected: list[BadLine] = []
        """In the order of the file."""

    def apply(self, results: Sequence[pb.BatchUpdateResult]) -> LeaderboardError | None:
        """Take the results of the pending lines; return why some are still pending, if any are."""
        pending, unavailable = [], None
        for line, result in zip(self.pending, results, strict=True):
            if result.HasField("response"):
                self._accepted.append(line.number)
                self._stats.counted += not result.response.replayed
                self._stats.repeated += result.response.replayed
                continue
            error = error_from_update(result.status)
            if error.retryable:
                pending.append(line)
                unavailable = error
            else:
                insort(self.rejected, BadLine(line.number, str(error)), key=attrgetter("number"))
        self.pending = pending
        return unavailable

    def drop_after_rejected(self) -> None:
        """Send none of the pending lines after the first rejected one."""
        if self.rejected:
            first = self.rejected[0].number
            self.pending = [line for line in self.pending if line.number < first]

    def error(self) -> BadLineError:
        """Return the error that ends the import at the first rejected line."""
        bad = self.rejected[0]
        return BadLineError(
            bad,
            sent_after=sum(line.number > bad.number for line in self._lines),
            taken_after=sum(number > bad.number for number in self._accepted),
        )


class Sender:
    """Sends lines in batches, one batch after the other, and counts the results.

    Only one batch is in flight at any time, so that the events of a contest are applied in the
    order of the file. Events that the service can't accept for now are sent again, with a growing
    delay, before any later event; their request ids make that safe.
    """

    def __init__(
        self,
        send: Callable[[pb.BatchUpdateScoresRequest], pb.BatchUpdateScoresResponse],
        stats: ImportStats,
        *,
        batch_size: int,
        skip_bad: bool,
        timeout: float,
    ) -> None:
        """Prepare an import.

        Args:
            send: Sends one batch, with all its attempts; raises CallError if it is not answered.

            stats: Counts the result of each line.

            batch_size: How many events are sent together, from 1 to 1000.

            skip_bad: Continue after a bad line.

            timeout: The seconds in which updates that the service can't accept for now are sent
                again.
        """
        self._send = send
        self._stats = stats
        self._batch_size = batch_size
        self._skip_bad = skip_bad
        self._timeout = timeout

    def run(self, lines: Iterable[EventLine | BadLine], on_batch: Callable[[], None]) -> None:
        """Send all lines.

        Args:
            lines: The lines, in order.

            on_batch: Called after each batch.

        Raises:
            BadLineError: A line is bad, and bad lines are not skipped. All lines before it were
                sent and none after it; if the service rejected it, the rest of its batch was sent
                too.
            CallError: The service was unavailable for too long, or rejected a whole batch.
        """
        batch: list[EventLine] = []
        for line in lines:
            if isinstance(line, EventLine):
                batch.append(line)
            elif self._skip_bad:
                self._stats.add_bad_line(line)
            else:
                self._deliver(batch)
                self._stats.add_bad_line(line)
                raise BadLineError(line)
            if len(batch) == self._batch_size:
                self._deliver(batch)
                batch = []
                on_batch()
        self._deliver(batch)
        on_batch()

    def _deliver(self, lines: Sequence[EventLine]) -> None:
        if not lines:
            return
        batch, retrying = _Batch(lines, self._stats), Retrying(self._timeout)
        try:
            while unavailable := self._send_pending(batch):
                time.sleep(_pause(retrying, unavailable, batch.pending[0]))
        finally:
            for line in batch.rejected:
                self._stats.add_bad_line(line)
        if batch.rejected and not self._skip_bad:
            raise batch.error()

    def _send_pending(self, batch: _Batch) -> LeaderboardError | None:
        """Send the pending lines; return why some are still pending, if any are."""
        updates = [line.update for line in batch.pending]
        response = self._send(pb.BatchUpdateScoresRequest(updates=updates))
        unavailable = batch.apply(response.results)
        if not self._skip_bad:
            batch.drop_after_rejected()
        return unavailable if batch.pending else None


def _pause(retrying: Retrying, unavailable: LeaderboardError, first: EventLine) -> float:
    try:
        return retrying.pause_after(unavailable)
    except LeaderboardError as error:
        raise CallError(error, f"line {first.number}: {error}") from None
