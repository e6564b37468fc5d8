"""Watches of the real service show the board of the store, through kills and restarts."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clients.python.blackhole_proxy import BlackholeProxy
from clients.python.checked_watch import CheckedWatch
from harness.calls import DEADLINE_S, add, top
from harness.service import ServiceProcess, all_serving
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import SnapshotReason
from leaderboard_client.watch_update import StreamLostError, WatchState, WatchUpdate

USERS = [f"user-{number}" for number in range(12)]


def _shown(update: WatchUpdate) -> list[tuple[int, str, int]]:
    return [(row.rank, row.user_id, row.score) for row in update.rows]


def _read(answer: pb.GetTopUsersResponse) -> list[tuple[int, str, int]]:
    return [(user.rank, user.user_id, user.score) for user in answer.users]


def _random_update(chance: random.Random) -> pb.UpdateScoreRequest:
    """Return an update that moves rows in and out of the first ranks, with ties."""
    return pb.UpdateScoreRequest(
        contest_id="cup",
        user_id=chance.choice(USERS),
        points=chance.randint(-6, 9),
        mode=chance.choice([pb.UPDATE_MODE_INCREMENT, pb.UPDATE_MODE_SET]),
        event_type="goal",
        display_name=chance.choice(["", "", "", "Ada", "Bob"]),
    )


async def _write(service: ServiceProcess, writes: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(writes):
        await service.stub.UpdateScore(_random_update(chance), timeout=DEADLINE_S)


@contextlib.asynccontextmanager
async def _writing(service: ServiceProcess) -> AsyncIterator[None]:
    """Write continuously, slowly enough to leave the machine to others."""
    done = asyncio.Event()

    async def keep_writing() -> None:
        chance = random.Random(7)
        while not done.is_set():
            await service.stub.UpdateScore(_random_update(chance), timeout=DEADLINE_S)
            await asyncio.sleep(0.01)

    task = asyncio.create_task(keep_writing())
    yield
    done.set()
    await task


async def test_the_watched_board_is_the_board_of_the_store(service: ServiceProcess) -> None:
    """After random writes each scope shows the rows and the number of users that a read returns."""
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(CheckedWatch(service.address, "cup", limit=5))
        every = CheckedWatch(service.address, "cup", scope=pb.WATCH_SCOPE_ALL, limit=50)
        some = CheckedWatch(
            service.address, "cup", scope=pb.WATCH_SCOPE_USERS, user_ids=USERS[:2], limit=50
        )
        for following in (every, some):
            await stack.enter_async_context(following)
            await following.until(lambda update: update.position is not None, "the beginning")

        await asyncio.gather(*(_write(service, 50, seed) for seed in range(6)))
        for user_id, points in zip(USERS, (2000, 1000), strict=False):
            last = await add(service.stub, "cup", user_id, points)

        board = await top(service.stub, "cup")
        assert _shown(await every.reach(last.position)) == _read(board)
        assert every.now.total_users == len(board.users)
        assert _shown(await first.reach(last.position)) == _read(board)[:5]
        assert _shown(await some.reach(last.position)) == _read(board)[:2]
        assert every.states == [WatchState.CONNECTING, WatchState.LIVE]


async def test_an_update_has_its_changes_and_moves(service: ServiceProcess) -> None:
    """An update has the changes that arrived, and the earlier ranks of the rows that moved."""
    for user_id, points in (("ada", 9), ("bob", 5), ("eve", 4)):
        await add(service.stub, "cup", user_id, points)
    async with CheckedWatch(service.address, "cup", limit=2) as following:
        begun = await following.until(lambda update: bool(update.rows), "the snapshot")
        answer = await service.stub.UpdateScore(
            pb.UpdateScoreRequest(
                contest_id="cup", user_id="eve", points=6, event_type="win", display_name="Eve"
            ),
            timeout=10,
        )
        won = await following.reach(answer.position)

    assert begun.snapshot_reason == SnapshotReason.INITIAL
    assert begun.total_users == 3
    assert (begun.changes, begun.moved) == ((), {})
    [change] = won.changes
    assert (change.user.user_id, change.points, change.event_type) == ("eve", 6, "win")
    assert (change.previous_rank, change.user.rank) == (3, 1)
    assert won.moved == {"eve": 0, "ada": 1}
    assert won.snapshot_reason is None
    assert won.rows[0].display_name == "Eve"


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGTERM"])
async def test_a_watch_goes_on_across_a_restart(
    own_store: StoreProcess, tmp_path: Path, signal: str
) -> None:
    """A restart under load causes no snapshot and no wrong board, only the state RECONNECTING."""
    service = ServiceProcess(tmp_path / "watched", redis_url=own_store.url)
    writer = ServiceProcess(tmp_path / "written", redis_url=own_store.url)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(all_serving(service, writer))
        watches = [
            CheckedWatch(service.address, "cup", limit=3),
            CheckedWatch(service.address, "cup", scope=pb.WATCH_SCOPE_ALL, limit=50),
            CheckedWatch(service.address, "cup", scope=pb.WATCH_SCOPE_USERS, user_ids=USERS[:2]),
        ]
        for following in watches:
            await stack.enter_async_context(following)
            await following.until(lambda update: update.position is not None, "the beginning")

        async with _writing(writer):
            await (service.kill() if signal == "SIGKILL" else service.terminate())
            for following in watches:
                await following.until(
                    lambda update: update.state is WatchState.RECONNECTING, "a lost stream"
                )
            await service.start()
            for following in watches:
                await following.until(
                    lambda update: update.state is WatchState.LIVE, "a resumed stream"
                )

        for user_id in USERS[:2]:
            last = await add(writer.stub, "cup", user_id, 100_000)
        board = await top(writer.stub, "cup")
        for following in watches:
            await following.reach(last.position)
            assert following.states == [
                WatchState.CONNECTING,
                WatchState.LIVE,
                WatchState.RECONNECTING,
                WatchState.LIVE,
            ]
            assert following.checker.reasons == {"INITIAL": 1}
            # Of the users who are watched by name the ranks are those of their own changes.
            rows = [row[1:] for row in _shown(following.now)]
            assert rows == [row[1:] for row in _read(board)][: len(rows)]
        assert [len(following.now.rows) for following in watches] == [3, len(board.users), 2]


async def test_rows_that_a_resumed_stream_repeats_are_no_changes(
    service: ServiceProcess,
) -> None:
    """A resumed watch of the first ranks shows the changes it missed, and no others."""
    for user_id, points in (("ada", 9), ("bob", 5), ("eve", 1)):
        await add(service.stub, "cup", user_id, points)
    async with CheckedWatch(service.address, "cup") as following:
        await following.until(lambda update: bool(update.rows), "the snapshot")
        await service.kill()
        await following.until(
            lambda update: update.state is WatchState.RECONNECTING, "a lost stream"
        )
        await service.start()
        answer = await add(service.stub, "cup", "eve", 6)
        update = await following.reach(answer.position)

    assert [change.user.user_id for change in update.changes] == ["eve"]
    assert update.moved == {"eve": 3, "bob": 2}


async def test_an_emptied_store_is_a_new_board(
    service: ServiceProcess, own_store: StoreProcess
) -> None:
    """After its history was lost a contest is reloaded, with the reason."""
    await add(service.stub, "cup", "ada", 5)
    async with CheckedWatch(service.address, "cup") as following:
        await following.until(lambda update: bool(update.rows), "the snapshot")
        async with own_store.client() as client:
            await client.flushall()

        answer = await add(service.stub, "cup", "bob", 1)
        update = await following.until(
            lambda update: update.snapshot_reason == SnapshotReason.NEW_EPOCH, "a new board"
        )

        assert update.moved == {}
        assert _shown(await following.reach(answer.position)) == [(1, "bob", 1)]


async def test_a_dead_connection_is_detected_by_its_silence(service: ServiceProcess) -> None:
    """A connection without messages is replaced, and the watch resumes."""
    async with (
        BlackholeProxy(service.address) as proxy,
        CheckedWatch(proxy.address, "cup", idle_timeout=1.0) as following,
        _writing(service),
    ):
        await following.until(lambda update: bool(update.changes), "the first changes")
        proxy.drop_all()
        lost = await following.until(
            lambda update: update.state is WatchState.RECONNECTING, "a lost stream"
        )
        proxy.reconnect()
        await following.until(lambda update: bool(update.changes), "a resumed stream")

    assert isinstance(lost.trouble, StreamLostError)
    assert str(lost.trouble) == "no message for 1 s"
    assert following.checker.reasons == {"INITIAL": 1}


async def test_cancelling_closes_the_stream(
    service: ServiceProcess, own_store: StoreProcess
) -> None:
    """After the iteration is cancelled the service no longer follows the contest."""
    async with own_store.client() as client:

        async def subscribers() -> int:
            [(_, number)] = await client.pubsub_numsub("leaderboard:{cup}")
            return int(number)

        async def is_followed() -> bool:
            return await subscribers() == 1

        async def is_idle() -> bool:
            return await subscribers() == 0

        users = CheckedWatch(service.address, "cup", scope=pb.WATCH_SCOPE_USERS, user_ids=["ada"])
        async with users as following:
            await following.until(lambda update: update.state is WatchState.LIVE, "the beginning")
            await eventually(is_followed, "a subscriber of the contest")
            await following.cancel()
            await eventually(is_idle, "the end of the stream")
