"""The checker of watches, with contests whose seasons end."""

import pytest

from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb

INITIAL = pb.SNAPSHOT_REASON_INITIAL
NEW_SEASON, NEW_EPOCH = pb.SNAPSHOT_REASON_NEW_SEASON, pb.SNAPSHOT_REASON_NEW_EPOCH
LAGGED = pb.SNAPSHOT_REASON_LAGGED


def snapshot(
    reason: pb.SnapshotReason, epoch: str, revision: int, season: int, *, previous: int = 0
) -> pb.WatchContestResponse:
    """Return a snapshot of a board without users."""
    return pb.WatchContestResponse(
        position=pb.Position(epoch=epoch, revision=revision),
        previous_revision=previous,
        snapshot=pb.Snapshot(
            reason=reason,
            rules=pb.ContestRules(rank_style=pb.RANK_STYLE_ORDINAL),
            season=season,
        ),
    )


def checker(*messages: pb.WatchContestResponse) -> WatchChecker:
    """Return the checker of a watcher that got these messages in one stream."""
    fed = WatchChecker()
    fed.begin()
    for message in messages:
        fed.feed(message)
    return fed


def test_seasons_begin_one_after_the_other() -> None:
    """Each with a snapshot, also after a resume; one may be missed."""
    watch = checker(snapshot(INITIAL, "a", 5, 1), snapshot(NEW_SEASON, "b", 6, 2, previous=5))
    watch.begin(watch.position)
    watch.feed(snapshot(NEW_SEASON, "c", 9, 4, previous=6))

    assert watch.seasons.begun == [2, 4]


@pytest.mark.parametrize(
    ("message", "broken"),
    [
        (snapshot(NEW_EPOCH, "b", 6, 2, previous=5), "season 1 before and 2 now"),
        (snapshot(NEW_SEASON, "b", 6, 1, previous=5), "season 1 before and 1 now"),
        (snapshot(NEW_SEASON, "a", 6, 2, previous=5), "NEW_SEASON with the epochs 'a' before"),
        (snapshot(LAGGED, "b", 6, 2, previous=5), "LAGGED with the epochs"),
        (snapshot(LAGGED, "a", 6, 2, previous=5), "of one epoch"),
        (snapshot(NEW_SEASON, "b", 6, 0, previous=5), "NEW_SEASON with the epochs"),
        (snapshot(NEW_EPOCH, "", 0, 1, previous=5), "season 1 of the epoch ''"),
        (snapshot(NEW_EPOCH, "b", 6, 0, previous=5), "season 0 of the epoch 'b'"),
    ],
)
def test_a_wrong_season_is_rejected(message: pb.WatchContestResponse, broken: str) -> None:
    """The reason, the epoch and the season have to agree."""
    watch = checker(snapshot(INITIAL, "a", 5, 1))

    with pytest.raises(AssertionError, match=broken):
        watch.feed(message)


def test_a_season_that_begins_twice_is_rejected() -> None:
    """A watcher is sent the begin of each season once."""
    watch = checker(snapshot(INITIAL, "a", 5, 1), snapshot(NEW_SEASON, "b", 6, 2, previous=5))
    for again in ("b", "c"):
        with pytest.raises(AssertionError, match="NEW_SEASON with the epochs"):
            watch.feed(snapshot(NEW_SEASON, again, 6, 2, previous=6))


def test_after_a_resume_from_elsewhere_either_is_right() -> None:
    """Nothing says of which season a position is that was not the watcher's own."""
    for reason in (NEW_SEASON, NEW_EPOCH):
        watch = checker(snapshot(INITIAL, "a", 5, 1))
        watch.begin(pb.Position(epoch="z", revision=3))
        watch.feed(snapshot(reason, "b", 6, 2, previous=3))

        assert watch.seasons.current == 2


def test_the_first_season_begins_without_a_snapshot() -> None:
    """A watcher of a contest that did not exist gets its first change; the next season is 2."""
    watch = checker(snapshot(INITIAL, "", 0, 0))
    change = pb.ScoreChange(user=pb.RankedUser(user_id="ada", score=1, rank=1, place=1), points=1)
    watch.feed(
        pb.WatchContestResponse(
            position=pb.Position(epoch="a", revision=1),
            changes=pb.Changes(changes=[change], total_users=1),
        )
    )
    watch.feed(snapshot(NEW_SEASON, "b", 2, 2, previous=1))

    assert watch.seasons.begun == [2]
