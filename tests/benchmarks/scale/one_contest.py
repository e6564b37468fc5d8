"""Measures what one contest of many users takes, and how much it can be asked."""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.layouts import Layout
from benchmarks.scale.reads import recorded_pages, recorded_ranks
from benchmarks.seeding import fill
from benchmarks.store import RunningStore, running_store
from benchmarks.store_alone import on_server_core, random_updates, recorded_commits, send_for
from harness.stores import Flavour
from leaderboard_server.storage import keys
from leaderboard_server.storage.scripts import COMMIT

CONTEST = "hot"
GROUP = 250
"""The updates, and the ranks, that one call of a script has at most while many callers wait."""

_IN_FLIGHT = 64
_ROWS_OF_A_TOP = 10
_ROWS_OF_A_PAGE = 1_000


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    users: int = 10_000_000
    seconds: float = 3.0
    """How long each kind of call is made."""


@dataclass(frozen=True)
class Rate:
    """How fast the store was with one kind of call."""

    title: str
    rate: float
    """In updates, ranks or pages a second."""
    busy: float
    """The share of a core that the store used."""


@dataclass(frozen=True)
class Size:
    """What the data of a contest take."""

    data: int
    """Bytes of the data, by the store's own count."""
    resident: int
    """Bytes of memory of the process."""
    file: int
    """Bytes of a snapshot."""
    fork_s: float
    """How long the store stood still to begin the snapshot."""
    save_s: float
    """How long the snapshot took after that, beside a store without calls."""
    load_s: float
    """How long the store took to start with it."""


@dataclass(frozen=True)
class OneContest:
    """The figures of a contest."""

    size: Size
    rates: list[Rate]


def measure(
    folder: Path, flavour: Flavour, plan: Plan, report: Callable[[str], None]
) -> OneContest:
    """Fill a contest, make each kind of call, and start the store again with its data.

    Args:
        folder: An empty folder.

        flavour: The kind of store.

        plan: How much is measured.

        report: Called with a line before each step.
    """
    with running_store(folder, flavour=flavour) as running:
        report(f"fill a contest with {plan.users:,} users")
        fill(running, Layout.SERVICE, CONTEST, plan.users)
        running.client.script_load(COMMIT.source)
        data, resident = running.memory(), running.resident()
        made = [rate(running, call, plan, report) for call in calls(plan)]
        report("save it")
        fork_s, save_s = _save(running)
    report("start with it")
    began = time.monotonic()
    with running_store(folder, flavour=flavour) as running:
        load_s = time.monotonic() - began
        assert running.client.zcard(keys.board(CONTEST)) == plan.users
    file = (folder / "dump.rdb").stat().st_size
    return OneContest(Size(data, resident, file, fork_s, save_s, load_s), made)


def _save(running: RunningStore) -> tuple[float, float]:
    """Save a snapshot, and return how long the store stood still and how long it took."""
    began = time.monotonic()
    running.client.bgsave()
    while (info := running.info("persistence"))["rdb_bgsave_in_progress"]:
        time.sleep(0.05)
    took = time.monotonic() - began
    assert info["rdb_last_bgsave_status"] == "ok"
    return running.info("stats")["latest_fork_usec"] / 1e6, took


_Record = Callable[[RunningStore], Coroutine[Any, Any, list[bytes]]]


@dataclass(frozen=True)
class Call:
    """A kind of call that is measured."""

    title: str
    per_call: int
    """The updates, ranks or pages of one call."""
    record: _Record
    """Returns commands to send."""


def calls(plan: Plan) -> list[Call]:
    """Return the kinds of calls, with enough commands for the time that is measured."""
    many, in_groups = round(40_000 * plan.seconds) + 2, round(700 * plan.seconds) + 2
    return [
        Call(f"updates, {GROUP} in a commit", GROUP, _commits(plan.users, GROUP, in_groups)),
        Call("updates, each in a commit of its own", 1, _commits(plan.users, 1, many)),
        Call(f"ranks, {GROUP} in a call", GROUP, _ranks(plan.users, GROUP, in_groups)),
        Call("ranks, each in a call of its own", 1, _ranks(plan.users, 1, many)),
        Call("the first 10 rows", 1, _tops(many)),
        Call("1,000 rows anywhere in the board", 1, _pages(plan.users, in_groups)),
    ]


def _commits(users: int, group: int, count: int) -> _Record:
    return lambda _: recorded_commits(random_updates([CONTEST], users, group, count))


def _ranks(users: int, group: int, count: int) -> _Record:
    return lambda running: recorded_ranks(running, CONTEST, users, group, count)


def _tops(count: int) -> _Record:
    return lambda running: recorded_pages(running, CONTEST, [1] * count, _ROWS_OF_A_TOP)


def _pages(users: int, count: int) -> _Record:
    places = random.Random(3).choices(range(1, users - _ROWS_OF_A_PAGE), k=count)
    return lambda running: recorded_pages(running, CONTEST, places, _ROWS_OF_A_PAGE)


def rate(running: RunningStore, call: Call, plan: Plan, report: Callable[[str], None]) -> Rate:
    """Make a kind of call for some time."""
    report(f"measure: {call.title}")
    commands = asyncio.run(call.record(running))
    with on_server_core(), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(running.socket))
        window = max(2, min(_IN_FLIGHT, 16_000 // call.per_call))
        began, used = time.monotonic(), running.cpu_s()
        done = send_for(line, commands, window, began + plan.seconds)
        took = time.monotonic() - began
        busy = (running.cpu_s() - used) / took
    return Rate(call.title, done * call.per_call / took, busy)
