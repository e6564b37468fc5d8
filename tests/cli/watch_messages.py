"""The messages of a small watch, as the service sends them."""

from leaderboard.v1 import leaderboard_pb2 as pb


def _ranked(user_id: str, score: int, rank: int, name: str = "") -> pb.RankedUser:
    return pb.RankedUser(user_id=user_id, score=score, rank=rank, display_name=name, place=rank)


FIRST = pb.WatchContestResponse(
    position=pb.Position(epoch="e", revision=7),
    snapshot=pb.Snapshot(
        users=[_ranked("ada", 5, 1, "Ada L."), _ranked("bob", 3, 2)],
        total_users=2,
        reason=pb.SNAPSHOT_REASON_INITIAL,
    ),
)
"""The first message of a watch."""

BOB_WINS = pb.WatchContestResponse(
    position=pb.Position(epoch="e", revision=9),
    previous_revision=7,
    changes=pb.Changes(
        changes=[
            pb.ScoreChange(
                user=_ranked("bob", 6, 1),
                previous_rank=2,
                points=3,
                event_type="win",
                previous_place=2,
            ),
            pb.ScoreChange(user=_ranked("eve", 1, 3), points=1),
        ],
        total_users=3,
    ),
)
"""The message after the first one."""

SNAPSHOT_AGAIN = pb.WatchContestResponse(
    position=pb.Position(epoch="e", revision=9),
    snapshot=pb.Snapshot(
        users=[_ranked("bob", 6, 1), _ranked("ada", 5, 2, "Ada L."), _ranked("eve", 1, 3)],
        total_users=3,
        reason=pb.SNAPSHOT_REASON_INITIAL,
    ),
)
"""A snapshot after the changes of `BOB_WINS`."""

OVER = pb.WatchContestResponse(
    position=pb.Position(epoch="e", revision=9),
    previous_revision=9,
    end=pb.End(reason=pb.END_REASON_CONTEST_OVER),
)
"""The last message of a contest."""

DELETED = pb.WatchContestResponse(
    position=pb.Position(epoch="e", revision=9),
    previous_revision=9,
    end=pb.End(reason=pb.END_REASON_CONTEST_DELETED),
)
"""The last message of a contest that was deleted."""

DRAINING = pb.WatchContestResponse(
    position=pb.Position(epoch="e", revision=7),
    previous_revision=7,
    end=pb.End(reason=pb.END_REASON_DRAINING),
)
"""The last message of a stream that had only the first one."""

ADA_LEAVES = pb.WatchContestResponse(
    position=pb.Position(epoch="e", revision=10),
    previous_revision=9,
    changes=pb.Changes(
        changes=[
            pb.ScoreChange(
                user=pb.RankedUser(user_id="ada"), previous_rank=2, previous_place=2, removed=True
            )
        ],
        total_users=2,
    ),
)
"""The message after `BOB_WINS`, by which Ada's row leaves the board."""

OVER_WITHOUT_ADA = pb.WatchContestResponse(
    position=pb.Position(epoch="e", revision=10),
    previous_revision=10,
    end=pb.End(reason=pb.END_REASON_CONTEST_OVER),
)
"""The last message of a contest after `ADA_LEAVES`."""

DELETED = pb.WatchContestResponse(
    position=pb.Position(epoch="e", revision=9),
    previous_revision=9,
    end=pb.End(reason=pb.END_REASON_CONTEST_DELETED),
)
"""The last message of a contest that was deleted."""
