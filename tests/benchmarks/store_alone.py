"""Measures the store alone: the commit script of the service, called as fast as possible.

The commands are encoded before the clock starts and are pipelined, so that only the store is
measured. Its rate is the upper bound of every write.
"""

import asyncio
import contextlib
import json
import os
import random
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import hiredis

from benchmarks.load import LoadError
from benchmarks.paths import SERVER_CORES
from benchmarks.store import RunningStore
from harness.store_connection import CallingConnection
from harness.uncounted import store_instruments
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.scripts import COMMIT, REGISTER_CONTEST
from leaderboard_server.storage.store import Retention, Store

_UNDER_WAY = 16_384
"""The approximate maximum of updates in flight: 16 commits of 1,000."""
_MADE_FOR = 40_000
"""Updates per second for which commands are made: more than any store handles."""


def measure_store(store: RunningStore, users: int, group: int, seconds: float) -> dict[str, float]:
    """Commit updates of random users of the contest `hot`.

    Args:
        store: A seeded store.

        users: The number of users.

        group: Updates in each commit.

        seconds: The approximate duration.

    Returns:
        The `rate` in updates per second, the number of `acknowledged` updates, and `busy`, the
        share of a core that the store used.

    Raises:
        LoadError: The store refused a commit.
    """
    store.client.script_load(COMMIT.source)
    count = max(2, round(_MADE_FOR * seconds / group))
    commits = asyncio.run(recorded_commits(random_updates(["hot"], users, group, count)))
    with on_server_core(), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(store.socket))
        began, used = time.monotonic(), store.cpu_s()
        done = send_for(line, commits, max(2, min(64, _UNDER_WAY // group)), began + seconds)
        took = time.monotonic() - began
        busy = (store.cpu_s() - used) / took
    return {"rate": done * group / took, "acknowledged": done * group, "busy": busy}


@contextlib.contextmanager
def on_server_core() -> Iterator[None]:
    """Run this process on the core of the servers; the store has its own."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(SERVER_CORES)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def random_updates(
    contests: Sequence[str], users: int, group: int, count: int
) -> Iterator[list[ScoreUpdate]]:
    """Yield groups of updates of random users, each group of one random contest."""
    choice = random.Random(1)
    for _ in range(count):
        contest_id = choice.choice(contests)
        yield [ScoreUpdate(contest_id, f"u{choice.randrange(users)}", 1) for _ in range(group)]


async def recorded_commits(
    groups: Iterable[Sequence[ScoreUpdate]], *, in_cluster: bool = False
) -> list[bytes]:
    """Return the command of a commit of each group, in the form of the service.

    With `in_cluster` the commands are those for a node of a cluster.
    """
    recorder = _Recorder()
    store = Store(recorder, recorder, Retention(), store_instruments(), in_cluster=in_cluster)
    for updates in groups:
        recorder.group = len(updates)
        await store.commit(updates[0].contest_id, updates)
    return recorder.commands


def send_for(line: socket.socket, commands: Sequence[bytes], window: int, end: float) -> int:
    """Send commands until a time of the clock; return the number of acknowledged ones.

    Args:
        line: A connection to the store.

        commands: Calls of scripts. It ends early where they run out.

        window: How many are in flight.

        end: The time, by `time.monotonic`.

    Raises:
        LoadError: The store refused one.
    """
    replies = hiredis.Reader()
    sent = done = 0
    while True:
        room = window - (sent - done)
        if time.monotonic() < end and room >= window // 2:
            batch = commands[sent : sent + room]
            line.sendall(b"".join(batch))
            sent += len(batch)
        if done == sent:
            return done
        replies.feed(line.recv(1 << 20))
        while (reply := replies.gets()) is not False:
            if not isinstance(reply, bytes | list):
                raise LoadError(f"the store answered {reply!r}")
            done += 1


class _Recorder(CallingConnection):
    """A connection that keeps the commits of a `Store` instead of sending them."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[bytes] = []
        self.group = 1
        """The number of updates in the next commit."""

    async def call(self, *command: Argument) -> Any:
        """Keep a commit; reply that no update was accepted, which is quick to decode."""
        if command[1] in {REGISTER_CONTEST.sha, REGISTER_CONTEST.for_cluster.sha}:
            return 1
        self.commands.append(hiredis.pack_command(command))  # type: ignore[arg-type] # of any length
        refused = [part for index in range(self.group) for part in (index, "absent")]
        return f"{json.dumps(['', 0, 0, 0])}\n{json.dumps(refused)}".encode()
