"""Sends the events of an import in order, in batches, until each is taken or refused."""

import time
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import CallError
from leaderboard_cli.import_.stats import ImportStats
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.event_file import BadLine, EventLine
from leaderboard_client.refusal import Refusal
from leaderboard_client.retrying import Retrying


class BadLineError(Exception):
    """The import stopped at a bad line."""

    def __init__(self, line: BadLine, *, sent_after: int = 0, taken_after: int = 0) -> None:
        """Stop at a line.

        Args:
            line: The first bad line.

            sent_after: How many later lines had been sent together with it.

            taken_after: How many of those the service took.
        """
        self.line = line
        along = f"later lines of its batch sent with it: {sent_after:,}, taken: {taken_after:,}"
        super().__init__(f"{line}; {along}" if sent_after else str(line))


class _Batch:
    """One batch on its way: what is still to be sent, and what became of the rest."""

    def __init__(self, batch: Sequence[EventLine]) -> None:
        self._batch = batch
        self._taken: list[int] = []
        self.pending = batch
        self.refused: list[BadLine] = []
        self.counted = 0
        self.repeated = 0

    @property
    def first_rejected(self) -> BadLine:
        """The first bad line in the order of the file; there must be one."""
        return min(self.refused, key=attrgetter("number"))

    def settle(self, results: Sequence[pb.BatchUpdateResult]) -> Refusal | None:
        """Sort the pending lines by their results; return why some are pending still."""
        pending, unavailable = [], None
        for line, result in zip(self.pending, results, strict=True):
            if result.HasField("response"):
                self._taken.append(line.number)
                self.counted += not result.response.replayed
                self.repeated += result.response.replayed
                continue
            refusal = Refusal.of_update(result.status)
            if refusal.retryable:
                pending.append(line)
                unavailable = refusal
            else:
                self.refused.append(BadLine(line.number, str(refusal)))
        self.pending = pending
        return unavailable

    def drop_after(self, number: int) -> None:
        """Give up sending the lines after the one with this number."""
        self.pending = [line for line in self.pending if line.number < number]

    def stop(self) -> BadLineError:
        """Return the error that ends the import at the first refused line."""
        bad = self.first_rejected
        return BadLineError(
            bad,
            sent_after=sum(line.number > bad.number for line in self._batch),
            taken_after=sum(number > bad.number for number in self._taken),
        )


class Sender:
    """Sends lines in batches, one batch after the other, and tallies what became of them.

    Only one batch is on its way at any time, so the events of a contest are applied in the order of
    the file. What the service could not take for now is sent again, with a growing delay, before
    anything after it; the request ids make that safe.
    """

    def __init__(
        self,
        send: Callable[[pb.BatchUpdateScoresRequest], pb.BatchUpdateScoresResponse],
        stats: ImportStats,
        *,
        batch_size: int,
        skip_bad: bool,
        patience: float,
    ) -> None:
        """Prepare an import.

        Args:
            send: Sends one batch, with all the attempts that takes; raises CallError when it was
                not answered.

            stats: Is told what becomes of each line.

            batch_size: How many events go together, from 1 to 1000.

            skip_bad: Go on after a bad line.

            patience: The seconds in which updates that an answer says can't be taken for now are
                sent again.
        """
        self._send = send
        self._stats = stats
        self._batch_size = batch_size
        self._skip_bad = skip_bad
        self._patience = patience

    def run(self, lines: Iterable[EventLine | BadLine], on_batch: Callable[[], None]) -> None:
        """Send all lines.

        Args:
            lines: The lines, in order.

            on_batch: Called whenever the stats has grown by a batch.

        Raises:
            BadLineError: A line is bad, and bad lines are not to be skipped. All lines before it
                were sent and none after it, unless it was the service that refused it: then the
                rest of its batch was sent too.
            CallError: The service took no more for a while, or refused a whole batch.
        """
        batch: list[EventLine] = []
        for line in lines:
            if isinstance(line, EventLine):
                batch.append(line)
            elif self._skip_bad:
                self._stats.add_skipped(line)
            else:
                self._deliver(batch)
                self._stats.add_skipped(line)
                raise BadLineError(line)
            if len(batch) == self._batch_size:
                self._deliver(batch)
                batch = []
                on_batch()
        self._deliver(batch)
        on_batch()

    def _deliver(self, batch: Sequence[EventLine]) -> None:
        if not batch:
            return
        delivery, retrying = _Batch(batch), Retrying(self._patience)
        try:
            while unavailable := self._send_pending(delivery):
                time.sleep(_pause(retrying, unavailable, delivery))
        finally:
            self._stats.counted += delivery.counted
            self._stats.repeated += delivery.repeated
            for line in sorted(delivery.refused, key=attrgetter("number")):
                self._stats.add_skipped(line)
        if delivery.refused and not self._skip_bad:
            raise delivery.stop()

    def _send_pending(self, delivery: _Batch) -> Refusal | None:
        """Send what is pending; return why some of it is pending still."""
        updates = [line.update for line in delivery.pending]
        response = self._send(pb.BatchUpdateScoresRequest(updates=updates))
        unavailable = delivery.settle(response.results)
        if delivery.refused and not self._skip_bad:
            delivery.drop_after(delivery.first_rejected.number)
        return unavailable if delivery.pending else None


def _pause(retrying: Retrying, unavailable: Refusal, delivery: _Batch) -> float:
    try:
        return retrying.pause_after(unavailable)
    except LeaderboardError as error:
        raise CallError(error, f"line {delivery.pending[0].number}: {error}") from None
