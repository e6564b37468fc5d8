"""Workers: processes that share port and store; a worker that ends is replaced."""

import asyncio
import contextlib
import signal
import socket
from pathlib import Path

import grpc
import psutil
import pytest

from harness.calls import add, scores, top
from harness.load import Load
from harness.processes import is_running
from harness.serving import served
from harness.waiting import eventually
from harness.watcher import Watcher
from harness.workers import log_entries, logged, reach_each, serving_workers, worker_processes
from leaderboard.v1 import leaderboard_pb2 as pb

_on_each_listener = pytest.mark.usefixtures("on_each_listener")

_WORKERS = 2
_CANT_START, _BAD_OPTION = 1, 2


def _can_be_taken(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            other.bind((host, int(port)))
            other.listen()
            return True
    return False


@_on_each_listener
async def test_killed_worker_is_replaced(tmp_path: Path) -> None:
    """While a killed worker is replaced, calls to the other workers succeed."""
    async with serving_workers(tmp_path, _WORKERS) as service, contextlib.AsyncExitStack() as stack:
        reached = await reach_each(service, stack)
        (victim, its_caller), (_, other_caller) = reached.items()
        written = await add(its_caller, "cup", "ada", 5)
        board = await top(other_caller, "cup", min_position=written.position)
        assert [user.score for user in board.users] == [5]
        async with Load(its_caller, "load") as load, Load(other_caller, "load-elsewhere") as calm:
            await asyncio.gather(load.more_writes(50), calm.more_writes(50))
            psutil.Process(victim).kill()
            await asyncio.gather(load.more_writes(50), calm.more_writes(50))
        await logged(service, "serving", _WORKERS + 1)

        assert len(worker_processes(service)) == _WORKERS
        assert victim not in [worker.pid for worker in worker_processes(service)]
        assert not calm.errors
        assert {error.code() for error in load.errors} <= {grpc.StatusCode.UNAVAILABLE}
        assert await scores(other_caller, "load") == load.scores
        assert await service.terminate() == 0


@_on_each_listener
async def test_address_is_exclusive(tmp_path: Path) -> None:
    """No other server can use the port; after SIGTERM it is free."""
    async with serving_workers(tmp_path, _WORKERS) as service:
        processes = psutil.Process(service.process.pid).children()
        assert len(processes) == _WORKERS + 1
        for options in ((), ("--workers", "2")):
            other = tmp_path / f"other-{len(options)}"
            other.mkdir()
            at = ("--address", service.address, "--redis-url", "redis://127.0.0.1:1")
            ended = await served(other, *at, *options)
            assert ended.exit_code == _CANT_START
            assert len(ended.output.splitlines()) == 1
            assert service.address in ended.output

        assert await service.terminate() == 0

        assert not any(is_running(process.pid) for process in processes)
        assert _can_be_taken(service.address)


@_on_each_listener
async def test_workers_stop_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """The workers stop gracefully, watches end with DRAINING, and no process is left."""
    async with serving_workers(tmp_path, _WORKERS) as service:
        written = await add(service.stub, "cup", "ada", 5)
        watcher = Watcher("cup")
        await watcher.open(service.stub)
        await watcher.reach(written.position)
        processes = psutil.Process(service.process.pid).children()
        assert len(processes) == _WORKERS + 1

        await service.kill()

        await watcher.closed()
        assert watcher.checker.ended == pb.END_REASON_DRAINING
        await eventually(
            lambda: not any(is_running(process.pid) for process in processes),
            "the end of all processes",
        )
        assert _can_be_taken(service.address)
        assert len(log_entries(service, "stopped")) == _WORKERS
        assert "Traceback" not in service.process.log.read_text()


async def test_worker_that_dies_repeatedly_is_restarted_with_delays(tmp_path: Path) -> None:
    """A worker that ends repeatedly is restarted with growing delays."""
    async with serving_workers(tmp_path, _WORKERS) as service:
        stays, *_ = worker_processes(service)
        for number in range(1, 4):
            await eventually(lambda: len(worker_processes(service)) == _WORKERS, "another worker")
            for worker in worker_processes(service):
                if worker.pid != stays.pid:
                    worker.kill()
            await logged(service, "worker_ended", number)

        ends = log_entries(service, "worker_ended")
        assert [entry["restart_in_s"] for entry in ends] == [0, 0.1, 0.2]
        assert {entry["exit_code"] for entry in ends} == {-signal.SIGKILL}
        assert await service.terminate() == 0


async def test_start_failure_of_the_workers_is_reported_once(tmp_path: Path) -> None:
    """The error is one line, and the exit code is that of a server without workers."""
    url = "redis://127.0.0.1:1/0?no_such=1&db=x"

    ended = await served(tmp_path, "--address", "127.0.0.1:0", "--workers", "2", "--redis-url", url)

    assert ended.exit_code == _BAD_OPTION
    assert ended.output.splitlines() == [
        "leaderboard serve: --redis-url: the URL of the store is not valid"
    ]
