"""Both score buffers: an added update is accepted once or reported, and never lost."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.rpc import code_pb2, status_pb2

from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from clients.python.any_client import AnyClient, call
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import (
    LeaderboardError,
    OutOfRange,
    ScoreBuffer,
    ScoreUpdate,
    UpdateMode,
    UpdateResult,
)
from leaderboard_client.pending_queue import BufferOptions

TOO_MUCH = refusal(code_pb2.OUT_OF_RANGE, "too much", "ERROR_REASON_SCORE_OUT_OF_RANGE")


@contextlib.asynccontextmanager
async def _buffer(client: AnyClient, **options: Any) -> AsyncIterator[Any]:
    buffer = client.score_buffer(**options)
    yield buffer
    await call(buffer, "close")


async def test_updates_go_together(fake: FakeService, client: AnyClient) -> None:
    """Updates are sent in their order, in batches of at most the given size."""
    async with _buffer(client, batch_size=4, linger=5.0) as buffer:
        for number in range(10):
            await call(buffer, "add", ScoreUpdate("chess", f"user-{number}", number))

    assert [update.user_id for update in fake.received] == [f"user-{n}" for n in range(10)]
    assert fake.batches == [4, 4, 2]
    assert (buffer.acknowledged, buffer.refused) == (10, 0)


async def test_a_buffered_update_has_all_its_fields(fake: FakeService, client: AnyClient) -> None:
    """An update is sent with the attributes that it had when it was added."""
    attributes = {"team": "red"}
    update = ScoreUpdate(
        "chess", "ada", 5, UpdateMode.SET, attributes=attributes, clear_display_name=True
    )
    async with _buffer(client) as buffer:
        await call(buffer, "add", update)
        attributes["team"] = "blue"

    [sent] = fake.received
    assert (sent.mode, sent.clear_display_name) == (pb.UPDATE_MODE_SET, True)
    assert sent.attributes == {"team": "red"}


async def test_a_batch_does_not_wait_for_long(fake: FakeService, client: AnyClient) -> None:
    """An update on its own is sent after the linger, without any flush."""
    async with _buffer(client, linger=0.05) as buffer:
        await call(buffer, "add", ScoreUpdate("chess", "ada", 5))
        await eventually(lambda: buffer.acknowledged == 1, "that it is taken")


async def test_flush_waits_for_added_updates(fake: FakeService, client: AnyClient) -> None:
    """After a flush the service has all updates added before, and the buffer goes on."""
    async with _buffer(client, linger=60.0) as buffer:
        await call(buffer, "add", ScoreUpdate("chess", "ada", 5))
        await call(buffer, "flush")
        assert fake.scores == {("chess", "ada"): 5}
        await call(buffer, "add", ScoreUpdate("chess", "ada", 1))

    assert fake.scores == {("chess", "ada"): 6}


async def test_transient_failures_are_sent_again_with_their_request_ids(
    fake: FakeService, client: AnyClient
) -> None:
    """Updates that fail for now, alone or as a batch, count once in the end."""
    fake.refusals.append(STORE_AWAY)
    away = {"bob": 2}

    def refuse(update: pb.UpdateScoreRequest) -> status_pb2.Status | None:
        away[update.user_id] = away.get(update.user_id, 0) - 1
        return STORE_AWAY if away[update.user_id] >= 0 else None

    fake.refuse_update = refuse
    async with _buffer(client) as buffer:
        for user_id in ("ada", "bob", "eve"):
            await call(buffer, "add", ScoreUpdate("chess", user_id, 5))

    assert set(fake.scores.values()) == {5}
    assert len({update.request_id for update in fake.received}) == 3
    assert (buffer.acknowledged, buffer.refused) == (3, 0)


async def test_refused_updates_are_reported(fake: FakeService, client: AnyClient) -> None:
    """`on_error` gets each update that the service refuses, and may fail itself."""
    reports: list[tuple[ScoreUpdate, LeaderboardError]] = []

    def on_error(update: ScoreUpdate, error: LeaderboardError) -> None:
        reports.append((update, error))
        raise RuntimeError

    fake.refuse_update = lambda update: TOO_MUCH if update.points > 9 else None
    async with _buffer(client, on_error=on_error) as buffer:
        for points in (5, 10, 6, 11):
            await call(buffer, "add", ScoreUpdate("chess", "ada", points))

    assert [update.points for update, _ in reports] == [10, 11]
    assert {type(error) for _, error in reports} == {OutOfRange}
    assert (buffer.acknowledged, buffer.refused) == (2, 2)


async def test_refusals_without_on_error_are_logged(
    fake: FakeService, client: AnyClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Without `on_error` each refused update is one line of the log, whatever its ids contain."""
    fake.refuse_update = lambda _update: TOO_MUCH
    async with _buffer(client) as buffer:
        await call(buffer, "add", ScoreUpdate("chess", "ada", 5))
        await call(buffer, "add", ScoreUpdate("chess", "eve\nCRITICAL \x1b[31m" + 200 * "e", 5))

    plain, forged = (record.getMessage() for record in caplog.records)
    assert plain == "'chess': points for 'ada' were refused: 'too much'"
    assert forged.startswith(r"'chess': points for 'eve\nCRITICAL \x1b[31meee")
    assert forged.isprintable()
    assert len(forged) < 200


async def test_adding_waits_for_room(fake: FakeService, client: AnyClient) -> None:
    """With `max_pending` updates pending, adding waits until the service accepted some."""
    gate = threading.Event()

    def hold(_update: pb.UpdateScoreRequest) -> None:
        gate.wait()

    fake.refuse_update = hold
    async with _buffer(client, max_pending=2, batch_size=1) as buffer:
        for points in (1, 2):
            await call(buffer, "add", ScoreUpdate("chess", "ada", points))
        third = asyncio.create_task(call(buffer, "add", ScoreUpdate("chess", "ada", 3)))
        await eventually(lambda: bool(fake.received), "the first batch")
        assert not third.done()
        gate.set()
        await third

    assert fake.scores == {("chess", "ada"): 6}


async def test_a_closed_buffer_accepts_nothing(client: AnyClient) -> None:
    """Adding to a closed buffer is a RuntimeError; malformed updates are a ValueError."""
    async with _buffer(client) as buffer:
        with pytest.raises(ValueError, match=r"."):
            await call(buffer, "add", ScoreUpdate("chess", "ada", 2**63))

    with pytest.raises(RuntimeError, match="closed"):
        await call(buffer, "add", ScoreUpdate("chess", "ada", 5))


async def test_a_token_that_fails_once_costs_nothing(fake: FakeService, client: AnyClient) -> None:
    """A batch is sent once the token function that failed works again."""
    tokens = iter(["", "secret"])
    other: AnyClient = type(client)(fake.address, token=lambda: next(tokens))
    async with _buffer(other) as buffer:
        await call(buffer, "add", ScoreUpdate("chess", "ada", 5))
    await call(other, "close")

    assert (buffer.acknowledged, buffer.refused) == (1, 0)


@pytest.mark.parametrize(
    "options",
    [
        {"max_pending": 0},
        {"batch_size": 0},
        {"batch_size": 1001},
        {"linger": -1.0},
        {"linger": float("inf")},
        {"give_up_after": -1.0},
        {"give_up_after": float("nan")},
    ],
    ids=str,
)
async def test_a_buffer_has_its_bounds(client: AnyClient, options: dict[str, Any]) -> None:
    """A number out of its range is refused when the buffer is made."""
    with pytest.raises(ValueError, match=r"is (less|not)"):
        client.score_buffer(**options)


def test_a_defect_of_the_sender_ends_nothing() -> None:
    """Whatever sending raises, updates are reported at their deadline and the buffer goes on."""
    reports: list[LeaderboardError] = []

    def send(updates: object, *, timeout: float) -> list[UpdateResult | LeaderboardError]:
        raise OSError("no token")

    def on_error(_update: ScoreUpdate, error: LeaderboardError) -> None:
        reports.append(error)

    with ScoreBuffer(send, BufferOptions(give_up_after=0.1), on_error) as buffer:
        buffer.add(ScoreUpdate("chess", "ada", 5))
        buffer.flush()
        buffer.add(ScoreUpdate("chess", "ada", 5))

    assert [str(error) for error in reports] == ["no token"] * 2
