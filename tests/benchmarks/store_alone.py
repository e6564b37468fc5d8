"""Measures the store alone: the commit script of the service, called as fast as possible.

The commands are made before the clock starts, and go out without waiting for one another, so that
the store is all that is measured. This is the ceiling of every write.
"""

import asyncio
import contextlib
import json
import os
import random
import socket
import time
from collections.abc import Iterator
from typing import Any

import hiredis

from benchmarks.load import LoadError
from benchmarks.paths import SERVER_CORES
from benchmarks.store import RunningStore
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage.pipelined_connection import Argument
from leaderboard_server.storage.scripts import COMMIT
from leaderboard_server.storage.store import Retention, Store

_UNDER_WAY = 16_384
"""About how many updates are on their way at once, at most: 16 commits where they are of 1,000."""
_MADE_FOR = 40_000
"""Updates a second that commands are made for: more than any store does."""


def measure_store(store: RunningStore, users: int, group: int, seconds: float) -> dict[str, float]:
    """Commit updates of random users of the contest `hot`.

    Args:
        store: Seeded.

        users: How many users there are.

        group: Updates in each commit.

        seconds: How long, about.

    Returns:
        The `rate` in updates a second, how many were `acknowledged`, and the share of a core that
        the store used, `busy`.

    Raises:
        LoadError: The store refused a commit.
    """
    store.client.script_load(COMMIT.source)
    commits = asyncio.run(_commits(users, group, max(2, round(_MADE_FOR * seconds / group))))
    with _on_server_core(), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(store.socket))
        began, used = time.monotonic(), store.cpu_s()
        done = _send(line, commits, max(2, min(64, _UNDER_WAY // group)), began + seconds)
        took = time.monotonic() - began
        busy = (store.cpu_s() - used) / took
    return {"rate": done * group / took, "acknowledged": done * group, "busy": busy}


@contextlib.contextmanager
def _on_server_core() -> Iterator[None]:
    """Run this process on the core that is a server's otherwise: the store has its own."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(SERVER_CORES)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _send(line: socket.socket, commits: list[bytes], window: int, end: float) -> int:
    """Keep `window` commits on their way; return how many were acknowledged."""
    replies = hiredis.Reader()
    sent = done = 0
    while True:
        room = window - (sent - done)
        if time.monotonic() < end and room >= window // 2:
            batch = commits[sent : sent + room]
            line.sendall(b"".join(batch))
            sent += len(batch)
        if done == sent:
            return done
        replies.feed(line.recv(1 << 20))
        while (reply := replies.gets()) is not False:
            if not isinstance(reply, bytes):
                raise LoadError(f"the store answered {reply!r}")
            done += 1


class _Recorder:
    """Keeps the commands of a `Store` in place of sending them."""

    def __init__(self, group: int) -> None:
        self.commands: list[bytes] = []
        refused = [part for index in range(group) for part in (index, "range")]
        self._reply = f"{json.dumps(['', 0, 0, 0])}\n{json.dumps(refused)}".encode()

    async def call(self, *command: Argument) -> Any:
        """Keep a command; answer that no update was taken, which is soon read."""
        self.commands.append(hiredis.pack_command(command))  # type: ignore[arg-type] # of any length
        return self._reply


async def _commits(users: int, group: int, count: int) -> list[bytes]:
    """Make commits as the service sends them."""
    recorder = _Recorder(group)
    store = Store(recorder, recorder, Retention())
    choice = random.Random(1)
    for _ in range(count):
        updates = [ScoreUpdate("hot", f"u{choice.randrange(users)}", 1) for _ in range(group)]
        await store.commit("hot", updates)
    return recorder.commands
