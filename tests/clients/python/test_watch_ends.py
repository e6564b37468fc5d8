"""Watches of both clients: rows that leave the board, and the ends of a contest."""

import pytest

from cli.fake_service import FakeService
from cli.watch_messages import BOB_WINS, DELETED, FIRST, OVER
from clients.python.any_client import AnyClient, watched
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import RankedUser, WatchState, WatchUpdate

GONE_BOB = pb.ScoreChange(
    user=pb.RankedUser(user_id="bob"), previous_rank=2, previous_place=2, removed=True
)


async def _all(client: AnyClient) -> list[WatchUpdate]:
    return [update async for update in watched(client, "chess")]


def _rows(update: WatchUpdate) -> list[tuple[int, str, int]]:
    return [(row.rank, row.user_id, row.score) for row in update.rows]


def _changes(*changes: pb.ScoreChange, total: int) -> pb.WatchContestResponse:
    """Make the message after `FIRST`."""
    return pb.WatchContestResponse(
        position=pb.Position(epoch="e", revision=9),
        previous_revision=7,
        changes=pb.Changes(changes=changes, total_users=total),
    )


@pytest.mark.parametrize(("end", "state"), [(OVER, WatchState.OVER), (DELETED, WatchState.DELETED)])
async def test_a_watch_ends_with_its_contest(
    fake: FakeService, client: AnyClient, end: pb.WatchContestResponse, state: WatchState
) -> None:
    """After the end of its contest a watch shows the last board, and opens no other stream."""
    fake.stream = [FIRST, BOB_WINS, end]

    *before, last = await _all(client)

    states = [WatchState.CONNECTING, WatchState.LIVE, WatchState.LIVE]
    assert [update.state for update in before] == states
    assert (last.state, last.trouble, last.message) == (state, None, end)
    assert _rows(last) == [(1, "bob", 6), (2, "ada", 5), (3, "eve", 1)]
    assert (last.total_users, last.position) == (3, before[-1].position)
    assert len(fake.asked) == 1


async def test_a_deletion_is_final_without_a_board(fake: FakeService, client: AnyClient) -> None:
    """A watch whose contest is deleted before its first board ends, and has none."""
    fake.stream = [DELETED]

    states = [update.state for update in await _all(client)]

    assert states == [WatchState.CONNECTING, WatchState.DELETED]
    assert len(fake.asked) == 1


async def test_an_end_of_another_reason_is_not_final(fake: FakeService, client: AnyClient) -> None:
    """After an end that this version does not know the watch resumes."""
    later = pb.WatchContestResponse(position=FIRST.position, previous_revision=7)
    later.end.reason = 70  # type: ignore[assignment]
    fake.streams.append([FIRST, later])
    fake.stream = [BOB_WINS, OVER]

    states = [update.state for update in await _all(client)]

    assert states[2:] == [WatchState.RECONNECTING, WatchState.LIVE, WatchState.OVER]


async def test_a_removed_row_is_a_change(fake: FakeService, client: AnyClient) -> None:
    """A row that leaves the board is a change without a rank, and those below move up."""
    gone = pb.ScoreChange(
        user=pb.RankedUser(user_id="ada"), previous_rank=1, previous_place=1, removed=True
    )
    eve = pb.ScoreChange(user=pb.RankedUser(user_id="eve", score=1, rank=2, place=2))
    fake.stream = [FIRST, _changes(gone, eve, total=2), OVER]

    update = (await _all(client))[2]

    assert _rows(update) == [(1, "bob", 3), (2, "eve", 1)]
    removed, entered = update.changes
    assert (removed.user, removed.removed) == (RankedUser(0, "ada", 0, "", 0), True)
    assert (removed.previous_place, removed.points) == (1, 0)
    assert (entered.user.user_id, entered.removed) == ("eve", False)
    assert update.moved == {"bob": 2, "eve": 0}
    assert update.total_users == 2


async def test_a_removed_user_that_begins_again_is_two_changes(
    fake: FakeService, client: AnyClient
) -> None:
    """Of a user that was removed and has a score again, the removal and the row are changes."""
    back = pb.ScoreChange(user=pb.RankedUser(user_id="bob", score=1, rank=2, place=2), points=1)
    fake.stream = [FIRST, _changes(GONE_BOB, back, total=2), OVER]

    update = (await _all(client))[2]

    assert [each.removed for each in update.changes] == [True, False]
    assert _rows(update) == [(1, "ada", 5), (2, "bob", 1)]


async def test_a_resumed_watch_has_the_removals_of_its_rows(
    fake: FakeService, client: AnyClient
) -> None:
    """After a resume the removals of rows that the board held are changes, and no others."""
    gone = [
        pb.ScoreChange(user=pb.RankedUser(user_id=name), removed=True) for name in ("bob", "eve")
    ]
    ada = pb.ScoreChange(user=FIRST.snapshot.users[0])
    fake.streams.append([FIRST])
    fake.stream = [_changes(*gone, ada, total=1), OVER]

    update = (await _all(client))[3]

    assert [(each.user.user_id, each.removed) for each in update.changes] == [("bob", True)]
    assert _rows(update) == [(1, "ada", 5)]
