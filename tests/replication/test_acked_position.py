"""Promise 5, read-your-writes: the position that no later response may be behind."""

import pytest

from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.replication.acked_position import AckedPosition
from replication.following import Following, commit


class TestAckedPosition:
    """The rules of the acknowledged position."""

    def test_begins_before_the_first_change(self) -> None:
        """Without an acknowledgement any board may be returned."""
        assert AckedPosition().position == BEGINNING

    def test_commit_raises_it(self) -> None:
        """A reply that arrives after that of a later commit doesn't lower it."""
        acked = AckedPosition()
        for revision, expected in ((2, 2), (5, 5), (3, 5)):
            acked.observe_commit(Position("e", revision))
            assert acked.position == Position("e", expected)

    def test_commit_of_another_epoch_replaces_it(self) -> None:
        """A commit of another epoch replaces the position even at a lower revision."""
        acked = AckedPosition()
        acked.observe_commit(Position("e", 5))
        acked.observe_commit(Position("f", 1))

        assert acked.position == Position("f", 1)

    def test_read_raises_it(self) -> None:
        """A later read raises the position; an earlier read at the same time does not lower it."""
        acked = AckedPosition()
        assert acked.observe_read(Position("e", 5), followed_epoch="e")
        assert not acked.observe_read(Position("e", 3), followed_epoch="e")

        assert acked.position == Position("e", 5)

    @pytest.mark.parametrize(
        ("read", "followed_epoch"),
        [(Position("f", 9), "e"), (Position("f", 9), "f"), (Position("e", 9), "f")],
        ids=["not followed", "another one is acknowledged", "no longer followed"],
    )
    def test_read_of_another_epoch_does_not_count(
        self, read: Position, followed_epoch: str
    ) -> None:
        """A read of another epoch is ignored, since the later epoch is not known."""
        acked = AckedPosition()
        acked.observe_commit(Position("e", 5))

        assert not acked.observe_read(read, followed_epoch)
        assert acked.position == Position("e", 5)

    def test_restart_in_another_epoch_resets_it(self) -> None:
        """After a restart in another epoch, earlier acknowledgements do not delay responses."""
        acked = AckedPosition()
        acked.observe_commit(Position("f", 5))
        acked.observe_restart(Position("f", 9))
        assert acked.position == Position("f", 5)
        acked.observe_restart(Position("g", 1))
        assert acked.position == BEGINNING


@pytest.mark.parametrize(
    ("commits", "acked"),
    [
        ([], BEGINNING),
        ([("e", 2), ("e", 5)], Position("e", 5)),
        ([("e", 5), ("e", 2)], Position("e", 5)),
        ([("e", 5), ("f", 1)], Position("f", 1)),
        ([("e", 5), ("lost", 9)], Position("e", 5)),
    ],
    ids=["nothing", "in order", "late", "another epoch", "an epoch that is over"],
)
def test_own_commits_of_a_follower_only_raise_it(
    new: Following, commits: list[tuple[str, int]], acked: Position
) -> None:
    """Neither a late reply nor one of a lost epoch lowers the acknowledged position."""
    for epoch, revision in commits:
        new.follower.observe_own_commit(commit(revision, epoch=epoch))
    assert new.follower.acked_position == acked
