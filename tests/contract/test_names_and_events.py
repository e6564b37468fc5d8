"""Display names and events: stored names, and the changes that watchers get."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contract.edge import Edge
from contract.values import DEFAULT_RULES, DISPLAY_NAME, EVENT_TYPE, TIME
from harness.calls import DEADLINE_S, add, top
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _watched_change(edge: Edge, contest_id: str, **payload: Any) -> pb.ScoreChange:
    """Write an update of `ada`, and return the change that a watcher gets."""
    request = pb.WatchContestRequest(contest_id=contest_id, scope=pb.WATCH_SCOPE_ALL)
    watch = edge.stub.WatchContest(request, timeout=DEADLINE_S)
    await watch.read()
    update = pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", **payload)
    await edge.stub.UpdateScore(update, timeout=DEADLINE_S)
    message = await watch.read()
    watch.cancel()
    (change,) = message.changes.changes
    assert isinstance(change, pb.ScoreChange)
    return change


@pytest.mark.parametrize("name", DISPLAY_NAME.good)
async def test_a_name_is_returned_as_it_was_sent(edge: Edge, contest_id: str, name: str) -> None:
    """A name has the same code points in store, responses and watches."""
    display_name = DISPLAY_NAME.good[name]

    change = await _watched_change(edge, contest_id, points=1, display_name=display_name)

    board = await top(edge.stub, contest_id)
    standing = await edge.stub.GetUserRank(
        pb.GetUserRankRequest(contest_id=contest_id, user_id="ada"), timeout=DEADLINE_S
    )
    assert [change.user.display_name, standing.user.display_name] == [display_name] * 2
    assert [user.display_name for user in board.users] == [display_name]


async def test_a_name_stays_until_another_is_given(edge: Edge, contest_id: str) -> None:
    """An update without a name keeps the name; another name replaces it, also with 0 points."""
    names = []
    for points, name in ((1, "Ada"), (1, ""), (0, "Countess"), (0, "Countess"), (1, "")):
        answer: Any = await edge.answer(
            "UpdateScore",
            pb.UpdateScoreRequest(
                contest_id=contest_id, user_id="ada", points=points, display_name=name
            ),
        )
        names.append((answer.user.display_name, answer.applied))

    assert names == [
        ("Ada", True),
        ("Ada", True),
        ("Countess", True),
        ("Countess", False),
        ("Countess", True),
    ]


async def test_another_name_is_a_change_without_points(edge: Edge, contest_id: str) -> None:
    """A watcher gets the new name with the same rank and score."""
    await add(edge.stub, contest_id, "ada", 5)

    change = await _watched_change(edge, contest_id, display_name="Ada")

    assert change == pb.ScoreChange(
        user=pb.RankedUser(user_id="ada", score=5, rank=1, display_name="Ada", place=1),
        previous_rank=1,
        previous_place=1,
    )


@pytest.mark.parametrize("name", EVENT_TYPE.good)
async def test_watchers_get_the_event_type(edge: Edge, contest_id: str, name: str) -> None:
    """A change has the event type of its update, or none."""
    change = await _watched_change(edge, contest_id, points=1, event_type=EVENT_TYPE.good[name])

    assert change.event_type == EVENT_TYPE.good[name]
    assert not change.HasField("event_time")


@pytest.mark.parametrize("name", TIME.good)
async def test_watchers_get_the_event_time(edge: Edge, contest_id: str, name: str) -> None:
    """Event times from year 1 to 9999 arrive exact to the nanosecond."""
    change = await _watched_change(edge, contest_id, points=1, event_time=TIME.good[name])

    assert change.HasField("event_time")
    assert change.event_time == TIME.good[name]


async def test_the_whole_of_a_change(edge: Edge, contest_id: str) -> None:
    """A change has user, ranks, points and event of its update."""
    await add(edge.stub, contest_id, "bob", 3)
    await add(edge.stub, contest_id, "ada", 1)

    change = await _watched_change(
        edge, contest_id, points=4, event_type="goal", event_time=Timestamp(seconds=7, nanos=8)
    )

    assert change == pb.ScoreChange(
        user=pb.RankedUser(user_id="ada", score=5, rank=1, place=1),
        previous_rank=2,
        previous_place=2,
        points=4,
        event_type="goal",
        event_time=Timestamp(seconds=7, nanos=8),
    )


@pytest.mark.parametrize("limit", [0, 1, 12, 1_000])
async def test_the_first_snapshot(edge: Edge, contest_id: str, limit: int) -> None:
    """A watch begins with the first ranks up to the limit, by default 10, and their position."""
    for number in range(12):
        last = await add(edge.stub, contest_id, f"user-{number}", -number)
    request = pb.WatchContestRequest(contest_id=contest_id, limit=limit)

    message: Any = await edge.answer("WatchContest", request)

    assert (message.position, message.previous_revision) == (last.position, 0)
    assert message.snapshot.reason == pb.SNAPSHOT_REASON_INITIAL
    assert message.snapshot.total_users == 12
    ranks = [user.rank for user in message.snapshot.users]
    assert ranks == list(range(1, min(limit or 10, 12) + 1))


async def test_a_watch_of_a_contest_that_does_not_exist_yet(edge: Edge, contest_id: str) -> None:
    """The watch begins with an empty snapshot, and gets the first change of the contest."""
    watch = edge.stub.WatchContest(
        pb.WatchContestRequest(contest_id=contest_id), timeout=DEADLINE_S
    )
    first = await watch.read()
    assert first == pb.WatchContestResponse(
        position=pb.Position(),
        snapshot=pb.Snapshot(reason=pb.SNAPSHOT_REASON_INITIAL, rules=DEFAULT_RULES),
    )

    written = await add(edge.stub, contest_id, "ada", 5)

    second = await watch.read()
    watch.cancel()
    assert (second.position, second.previous_revision) == (written.position, 0)
    assert [change.user.user_id for change in second.changes.changes] == ["ada"]
