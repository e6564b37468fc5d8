"""The seasons of a watcher, which its snapshots name."""

from leaderboard.v1 import leaderboard_pb2 as pb


class WatchedSeasons:
    """
    Checks the seasons of one watcher across all its streams.

    Attributes:
        begun: The seasons whose begin the watcher was sent, in order: one for each NEW_SEASON.
    """

    def __init__(self) -> None:
        self.begun: list[int] = []
        self._season: int | None = 0

    @property
    def current(self) -> int | None:
        """The season of the last message; None if a resumed stream has not named it yet."""
        return self._season

    def forget(self) -> None:
        """Begin a stream at a position of an unknown season."""
        self._season = None

    def check_changes(self, now: pb.Position) -> None:
        """Observe a message without a snapshot: only the first season begins with one."""
        if self._season == 0 and now.epoch:
            self._season = 1

    def check_snapshot(self, snapshot: pb.Snapshot, before: pb.Position, now: pb.Position) -> None:
        """
        Check the season and the reason of a snapshot, which is not the first message of a watch.

        Args:
            snapshot: The snapshot.
            before: The position before it.
            now: Its position.

        Raises:
            AssertionError: They contradict each other, or the season before.
        """
        name = pb.SnapshotReason.Name(snapshot.reason).removeprefix("SNAPSHOT_REASON_")
        epochs = f"{name} with the epochs {before.epoch!r} before and {now.epoch!r} now"
        seasons = f"season {self._season} before and {snapshot.season} now"
        began = snapshot.reason == pb.SNAPSHOT_REASON_NEW_SEASON
        if before.epoch in {"", now.epoch}:
            assert snapshot.reason != pb.SNAPSHOT_REASON_NEW_EPOCH, epochs
            assert not began or (not before.epoch and snapshot.season > 1), epochs
            same = before.epoch != now.epoch or self._season in {None, snapshot.season}
            assert same, f"{name} with {seasons}, of one epoch"
        elif self._season is None:
            assert began or snapshot.reason == pb.SNAPSHOT_REASON_NEW_EPOCH, epochs
        else:
            higher = snapshot.season > self._season
            due = pb.SNAPSHOT_REASON_NEW_SEASON if higher else pb.SNAPSHOT_REASON_NEW_EPOCH
            assert snapshot.reason == due, f"{epochs}, {seasons}"
        if began:
            self.begun.append(snapshot.season)

    def observe_snapshot(self, snapshot: pb.Snapshot, now: pb.Position) -> None:
        """
        Take over the season of a snapshot.

        Raises:
            AssertionError: It is of no season though there is a contest, or the other way round.
        """
        assert bool(snapshot.season) == bool(now.epoch), (
            f"season {snapshot.season} of the epoch {now.epoch!r}"
        )
        self._season = snapshot.season
