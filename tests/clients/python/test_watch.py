"""Watches of both clients: their updates, and what each end of a stream leads to."""

from typing import Any

import pytest
from google.rpc import code_pb2, status_pb2

from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from cli.watch_messages import BOB_WINS, DRAINING, FIRST, OVER, SNAPSHOT_AGAIN
from clients.python.any_client import AnyClient, call, watched
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import (
    InvalidRequest,
    Position,
    RankedUser,
    ScoreChange,
    SnapshotReason,
    Unavailable,
    WatchScope,
    WatchState,
    WatchUpdate,
)
from leaderboard_client.watch_update import MissedChangesError, StreamLostError

ADA = RankedUser(1, "ada", 5, "Ada L.", 1)
BOB = RankedUser(2, "bob", 3, "", 2)


async def _all(client: AnyClient) -> list[WatchUpdate]:
    return [update async for update in watched(client, "chess")]


def _resumed_after(fake: FakeService) -> list[int | None]:
    asked = [request for request in fake.asked if isinstance(request, pb.WatchContestRequest)]
    return [
        request.resume_after.revision if request.HasField("resume_after") else None
        for request in asked
    ]


async def test_a_watch_yields_plain_boards_and_changes(
    fake: FakeService, client: AnyClient
) -> None:
    """Each update has the whole board, the changes, the position and the reason."""
    fake.stream = [FIRST, BOB_WINS, OVER]

    connecting, begun, won, over = await _all(client)

    assert (connecting.state, connecting.rows, connecting.position) == (
        WatchState.CONNECTING,
        (),
        None,
    )
    assert (begun.state, begun.rows, begun.total_users) == (WatchState.LIVE, (ADA, BOB), 2)
    assert (begun.position, begun.changes) == (Position("e", 7), ())
    assert (begun.snapshot_reason, begun.message) == (SnapshotReason.INITIAL, FIRST)
    assert won.changes == (
        ScoreChange(
            user=RankedUser(1, "bob", 6, "", 1),
            previous_rank=2,
            previous_place=2,
            points=3,
            event_type="win",
            event_time=None,
        ),
        ScoreChange(
            user=RankedUser(3, "eve", 1, "", 3),
            previous_rank=0,
            previous_place=0,
            points=1,
            event_type="",
            event_time=None,
        ),
    )
    assert (won.snapshot_reason, won.trouble) == (None, None)
    assert [(row.rank, row.user_id, row.score) for row in won.rows] == [
        (1, "bob", 6),
        (2, "ada", 5),
        (3, "eve", 1),
    ]
    assert (over.state, over.rows, over.message) == (WatchState.OVER, won.rows, OVER)


async def test_the_arguments_of_a_watch_are_sent(fake: FakeService, client: AnyClient) -> None:
    """The scope, the users, the limit and the interval are sent to the service."""
    fake.stream = [SNAPSHOT_AGAIN, OVER]

    options = {"limit": 3, "scope": WatchScope.USERS, "user_ids": ["ada"], "min_interval": 0.5}
    async for _ in watched(client, "chess", **options):
        pass

    [asked] = fake.asked
    expected = pb.WatchContestRequest(
        contest_id="chess", limit=3, scope=pb.WATCH_SCOPE_USERS, user_ids=["ada"]
    )
    expected.min_interval.FromMilliseconds(500)
    assert asked == expected


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (None, StreamLostError),
        (STORE_AWAY, Unavailable),
        (refusal(code_pb2.UNKNOWN, "Stream removed"), None),
        (refusal(code_pb2.RESOURCE_EXHAUSTED, "slow", "ERROR_REASON_WATCHER_STALLED"), None),
    ],
    ids=["none", "away", "unknown", "stalled"],
)
async def test_a_broken_stream_is_resumed(
    fake: FakeService,
    client: AnyClient,
    status: status_pb2.Status | None,
    kind: type[Exception] | None,
) -> None:
    """After any break the next stream resumes, and the board is kept meanwhile."""
    fake.streams.append([FIRST])
    fake.stream = [BOB_WINS, OVER]
    if status:
        fake.refusals.append(status)

    updates = await _all(client)

    assert [update.state.name for update in updates] == [
        "CONNECTING",
        "LIVE",
        "RECONNECTING",
        "LIVE",
        "OVER",
    ]
    assert updates[2].rows == updates[1].rows
    assert isinstance(updates[2].trouble, kind or Exception)
    assert _resumed_after(fake) == [None, 7]


async def test_a_draining_server_is_left(fake: FakeService, client: AnyClient) -> None:
    """After the `end` of a draining server the watch resumes on another stream."""
    fake.streams.append([FIRST, DRAINING])
    fake.stream = [BOB_WINS, OVER]

    updates = await _all(client)

    assert [update.message for update in updates] == [None, FIRST, DRAINING, BOB_WINS, OVER]
    assert _resumed_after(fake) == [None, 7]


async def test_a_gap_is_never_shown(fake: FakeService, client: AnyClient) -> None:
    """A stream with a gap is dropped, and the next one begins with a snapshot."""
    gap = pb.WatchContestResponse()
    gap.CopyFrom(BOB_WINS)
    gap.previous_revision = 8
    fake.streams.append([FIRST, gap])
    fake.stream = [SNAPSHOT_AGAIN, OVER]

    updates = await _all(client)

    assert [update.message for update in updates] == [None, FIRST, None, SNAPSHOT_AGAIN, OVER]
    assert isinstance(updates[2].trouble, MissedChangesError)
    assert _resumed_after(fake) == [None, None]


@pytest.mark.parametrize(
    "options",
    [
        {"scope": WatchScope.USERS, "user_ids": "bo"},
        {"scope": "ALL"},
        {"limit": "ten"},
        {"min_interval": float("inf")},
    ],
    ids=str,
)
async def test_arguments_that_can_not_be_encoded_are_refused(
    fake: FakeService, client: AnyClient, options: dict[str, Any]
) -> None:
    """An argument that the contract can't hold, or one text for `user_ids`, is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        [update async for update in watched(client, "chess", **options)]

    assert not fake.asked


async def test_a_token_that_fails_is_requested_again(fake: FakeService, client: AnyClient) -> None:
    """A token function that fails costs one stream; the watch reports it and tries again."""
    fake.stream = [SNAPSHOT_AGAIN, OVER]
    tokens = iter(["not for a header\n", "secret"])

    def token() -> str:
        return next(tokens)

    other: AnyClient = type(client)(fake.address, token=token)
    updates = await _all(other)

    assert [update.message for update in updates] == [None, None, SNAPSHOT_AGAIN, OVER]
    assert isinstance(updates[1].trouble, StreamLostError)
    assert "no token" in str(updates[1].trouble)
    await call(other, "close")


async def test_a_final_error_is_raised(fake: FakeService, client: AnyClient) -> None:
    """An error that would only be repeated ends the watch."""
    fake.refusals.append(
        refusal(
            code_pb2.INVALID_ARGUMENT, "no", "ERROR_REASON_INVALID_FIELD", violation="limit: no"
        )
    )

    with pytest.raises(InvalidRequest, match="limit: no"):
        await _all(client)

    assert len(fake.asked) == 1
