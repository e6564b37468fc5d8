"""The little bars of the updates by the second."""

from cli.watch_messages import BOB_WINS, FIRST
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.watch.sparkline import Sparkline
from leaderboard_client.watch_update import WatchState, WatchUpdate


def told(message: pb.WatchContestResponse | None) -> WatchUpdate:
    """Return the update that a message leads to."""
    return WatchUpdate(state=WatchState.LIVE, since=0.0, message=message)


def progress(before: int, after: int) -> pb.WatchContestResponse:
    """Return a message that moves on by some revisions and tells nothing of them."""
    position = pb.Position(epoch="e", revision=after)
    return pb.WatchContestResponse(
        position=position, previous_revision=before, progress=pb.Progress()
    )


def test_updates_are_counted_by_their_revisions() -> None:
    """All updates of the contest count, also those that a message does not show; no snapshot."""
    now = 10.0
    sparkline = Sparkline(lambda: now)

    sparkline.take(told(FIRST))
    assert (sparkline.rate, sparkline.bars(3)) == (0.0, "▁▁▁")
    sparkline.take(told(BOB_WINS))
    sparkline.take(told(progress(9, 17)))
    sparkline.take(told(None))

    assert sparkline.rate == 2.0
    assert sparkline.bars(3) == "▁▁█"
    now = 12.0
    assert sparkline.bars(3) == "█▁▁"
    now = 1_000.0
    assert (sparkline.rate, sparkline.bars(3)) == (0.0, "▁▁▁")


def test_what_came_at_once_is_spread_over_the_silence() -> None:
    """A message after some seconds counts evenly for each of them."""
    now = 10.0
    sparkline = Sparkline(lambda: now)
    sparkline.take(told(FIRST))

    now = 13.5
    sparkline.take(told(progress(7, 47)))

    assert sparkline.bars(6) == "▁▁████"
    assert sparkline.rate == 8.0
