"""Promise 5, fresh: what a stream knows that its server has told callers."""

from typing import cast

import pytest

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.storage.store import Store


class _SameEpoch:
    """As much of a store as a stream asks when a commit is offered."""

    def epoch_changed(self, _contest_id: str, position: Position) -> bool:
        return position.epoch == "lost"


@pytest.mark.parametrize(
    ("commits", "told"),
    [
        ([], BEGINNING),
        ([("e", 2), ("e", 5)], Position("e", 5)),
        ([("e", 5), ("e", 2)], Position("e", 5)),
        ([("e", 5), ("f", 1)], Position("f", 1)),
        ([("e", 5), ("lost", 9)], Position("e", 5)),
    ],
    ids=["nothing", "in order", "late", "another epoch", "an epoch that is over"],
)
def test_what_was_told_only_rises(commits: list[tuple[str, int]], told: Position) -> None:
    """A commit whose answer comes late doesn't take back what a later one told."""
    stream = LogFollower("cup", cast("Store", _SameEpoch()))
    for epoch, revision in commits:
        stream.observe_own_commit(Commit("cup", epoch, revision - 1, revision, 1, ()))
    assert stream.acked_position == told
