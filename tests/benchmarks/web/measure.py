"""Measures the watchers of one contest at one gateway, and checks what they received."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from benchmarks.load import LoadError, parse_result
from benchmarks.paths import LEADERBOARD, LOAD, SERVER_CORES, other_cores, pinned
from benchmarks.servers import RunningServer, running_command
from benchmarks.web.figures import Figures
from benchmarks.web.plan import CONTEST, LIMIT, Plan
from benchmarks.web.samples import Samples
from harness.ports import free_port
from harness.service import LISTENERS, ServiceProcess, listening_with
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb

_PATIENCE_S = 120.0
"""The time limit of a load beyond its measured time."""


async def measure(folder: Path, plan: Plan) -> Figures:
    """Start a service and a gateway, have a contest watched, and stop them.

    Args:
        folder: An empty folder.

        plan: The watchers.

    Raises:
        LoadError: A watcher was lost, or a message was wrong.

        AssertionError: The messages of a watcher break a rule of the contract.
    """
    metrics_address = f"127.0.0.1:{free_port()}"
    with listening_with(LISTENERS[-1]):
        service = ServiceProcess(
            folder, "--metrics-address", metrics_address, data_dir=folder / "data"
        )
    async with _beside_gateway(plan), service:
        with _running_gateway(service.address, folder / "gateway.log", plan) as gateway:
            samples = Samples(gateway, metrics_address)
            record = folder / "messages.json"
            arguments = ["-address", service.address, "-gateway", gateway.address]
            command = [str(LOAD), *arguments, "-record", str(record), *plan.load_arguments]
            async with samples.taken(), asyncio.timeout(plan.seconds + _PATIENCE_S):
                try:
                    printed = await _run(command, samples)
                except LoadError as error:
                    raise LoadError(f"{error}{gateway.log_tail()}") from error
        await asyncio.to_thread(_check, record, await _board(service))
    return Figures.of(plan, printed, samples)


@contextlib.asynccontextmanager
async def _beside_gateway(plan: Plan) -> AsyncIterator[None]:
    """Run this process, and those that it starts, on the cores that the gateway does not have."""
    before = os.sched_getaffinity(0)
    if plan.pinned:
        os.sched_setaffinity(0, map(int, other_cores().split(",")))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def _running_gateway(server: str, log: Path, plan: Plan) -> Iterator[RunningServer]:
    address = f"127.0.0.1:{free_port()}"
    most = str(2 * (plan.watchers + plan.paused + plan.stuck))
    command = [str(LEADERBOARD), "web", "--address", address, "--server", server]
    command += ["--max-connections", most, "--max-watches", most]
    command += ["--min-interval-ms", str(plan.interval_ms), "--log-level", "warning"]
    if plan.pinned:
        command = pinned(SERVER_CORES, command)
    with running_command("the gateway", command, address, log) as running:
        yield running


async def _run(command: list[str], samples: Samples) -> dict[str, Any]:
    """Run the load, note its phases, and return its result."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout, "its output was asked for"
    assert process.stderr, "its output was asked for"
    printed: dict[str, Any] = {}
    try:
        async for line in process.stdout:
            printed = parse_result(line.decode())
            if "phase" in printed:
                samples.begin(printed["phase"])
        problem = (await process.stderr.read()).decode().strip()
        if await process.wait():
            raise LoadError(problem[-2_000:])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return printed


async def _board(service: ServiceProcess) -> pb.GetTopUsersResponse:
    request = pb.GetTopUsersRequest(contest_id=CONTEST, limit=LIMIT)
    board: pb.GetTopUsersResponse = await service.stub.GetTopUsers(request)
    return board


def _check(record: Path, board: pb.GetTopUsersResponse) -> None:
    """Check the recorded messages of some watchers as those of any watch are checked."""
    recorded = json.loads(record.read_text(encoding="utf-8"))
    messages = [
        json_format.ParseDict(message, pb.WatchContestResponse())
        for message in recorded["messages"]
    ]
    for numbers in recorded["watchers"]:
        checker = WatchChecker(limit=LIMIT)
        checker.begin()
        for number in numbers:
            checker.feed(messages[number])
        checker.assert_equals(board)
