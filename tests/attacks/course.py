"""The course of one attack, with the good client and the memory of the server beside it."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from attacks import good_client
from attacks.catalogue import Attack
from attacks.outcome import Memory, Outcome, Phase
from attacks.records import Records
from harness.processes import ChildProcess
from harness.service import ServiceProcess
from harness.waiting import eventually

_NICE = 15
"""The priority of an attacker: what others suffer is to be the server's doing, not that of too few
cores."""
_MEMORY_EVERY_S = 0.1
_MIB = 2**20
_ENDS_WITHIN_S = 20.0
_STARTS_WITHIN_S = 20.0


@dataclass(frozen=True)
class Times:
    """The seconds of each part of a course."""

    before: float
    attack: float
    after: float
    attacks: int
    """1, or 2 to compare the memory after two equal attacks."""
    deadline: float
    """Of each call of the good client."""


class _Attacked(NamedTuple):
    """What was seen while the attacks ran once."""

    phase: Phase
    peak: float
    accounts: list[dict[str, Any]]


async def run(
    attacks: Sequence[Attack], listener: str, service: ServiceProcess, folder: Path, times: Times
) -> Outcome:
    """Run attacks on a service beside the good client.

    Args:
        attacks: The attacks; they run at the same time.

        listener: The listener of the service.

        service: The attacked service.

        folder: An empty folder for logs and records.

        times: How long each part takes.

    Raises:
        AssertionError: The good client or an attacker failed by itself.
    """
    for attack in attacks:
        if attack.prepare:
            await attack.prepare(service.address)
    arguments = service.address, str(folder), str(times.deadline)
    client = _start("good_client", *arguments, log=folder / "client.log")
    try:
        await _until_started(client, folder)
        began = time.monotonic()
        await asyncio.sleep(times.before)
        memory_before, attacked, afterwards = _memory(service), [], []
        for _ in range(times.attacks):
            attacked.append(await _attack(attacks, service, folder, times.attack))
            await asyncio.sleep(times.after)
            afterwards.append(_memory(service))
        client.signal(signal.SIGTERM)
        exit_code = await client.exited(within=_ENDS_WITHIN_S)
        assert exit_code == 0, f"the good client failed:\n{client.log_tail()}"
    finally:
        client.end()
    return Outcome(
        attacks=tuple(attacks),
        listener=listener,
        records=Records.read(folder / good_client.CALLS),
        began=began,
        phases=[each.phase for each in attacked],
        memory=Memory(memory_before, [each.peak for each in attacked], afterwards),
        watch=(folder / good_client.WATCH).read_text(),
        accounts=[account for each in attacked for account in each.accounts],
    )


async def _until_started(client: ChildProcess, folder: Path) -> None:
    def started() -> bool:
        if client.exit_code is not None:
            raise RuntimeError(f"the good client failed:\n{client.log_tail()}")
        return (folder / good_client.STARTED).exists()

    await eventually(started, "the first calls of the good client", within=_STARTS_WITHIN_S)


async def _attack(
    attacks: Sequence[Attack], service: ServiceProcess, folder: Path, seconds: float
) -> _Attacked:
    port = service.address.rpartition(":")[2]
    attackers = [
        _start("attack", attack.name, port, str(seconds), log=folder / f"{attack.name}.log")
        for attack in attacks
    ]
    peak = 0.0
    try:
        for attacker in attackers:
            os.setpriority(os.PRIO_PROCESS, attacker.pid, _NICE)
        async with asyncio.timeout(seconds + _ENDS_WITHIN_S):
            while any(attacker.exit_code is None for attacker in attackers):
                peak = max(peak, _memory(service))
                await asyncio.sleep(_MEMORY_EVERY_S)
        ended = time.monotonic()
    finally:
        for attacker in attackers:
            attacker.end()
    accounts = [_account(attacker) for attacker in attackers]
    return _Attacked(Phase(min(each["began"] for each in accounts), ended), peak, accounts)


def _account(attacker: ChildProcess) -> dict[str, Any]:
    assert attacker.exit_code == 0, f"an attacker failed:\n{attacker.log_tail()}"
    account: dict[str, Any] = json.loads(attacker.log_tail(lines=1))
    return account


def _start(module: str, *arguments: str, log: Path) -> ChildProcess:
    tests = str(Path(__file__).parents[1])
    command = [sys.executable, "-m", f"attacks.{module}", *arguments]
    return ChildProcess(command, log, os.environ | {"PYTHONPATH": tests})


def _memory(service: ServiceProcess) -> float:
    resident: int = psutil.Process(service.process.pid).memory_info().rss
    return resident / _MIB
