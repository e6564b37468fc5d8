"""Measures what servers that follow a contest cost the node that has it.

Each of them gets each commit of the contest, by a subscription of its own.
"""

import asyncio
import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.store import RunningStore, running_store
from benchmarks.store_alone import on_server_core, random_updates, recorded_commits, send_for
from leaderboard_server.storage import keys
from leaderboard_server.storage.scripts import COMMIT

_CONTEST = "hot"
_USERS = 1_000
_IN_FLIGHT = 64
_MADE_FOR = 40_000
"""Commits a second that are recorded."""
_SUBSCRIBE = "SUBSCRIBE {}\r\n"


@dataclass(frozen=True)
class Cost:
    """What commits of one update cost a node."""

    followers: int
    """The servers that follow their contest."""
    node_us: float
    """CPU time of the node for each commit, in microseconds."""
    received: int
    """The bytes that the followers got."""


def measure(folder: Path, followers: Sequence[int], seconds: float) -> list[Cost]:
    """Commit for some seconds with each of these numbers of followers."""
    with running_store(folder) as running:
        running.client.script_load(COMMIT.source)
        return [_cost(running, count, seconds) for count in followers]


def _cost(running: RunningStore, followers: int, seconds: float) -> Cost:
    updates = random_updates([_CONTEST], _USERS, 1, round(_MADE_FOR * seconds) + 2)
    commits = asyncio.run(recorded_commits(updates))
    with on_server_core(), _following(running, followers) as received, _line(running) as line:
        used = running.cpu_s()
        done = send_for(line, commits, _IN_FLIGHT, time.monotonic() + seconds)
        return Cost(followers, 1e6 * (running.cpu_s() - used) / done, sum(received))


@contextlib.contextmanager
def _line(running: RunningStore) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(running.socket))
        yield line


@contextlib.contextmanager
def _following(running: RunningStore, count: int) -> Iterator[list[int]]:
    """Read the messages of `count` subscriptions by a thread, until the end of the context.

    Yields:
        A list that gets the bytes of each read.
    """
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        ended = threading.Event()
        subscribe = _SUBSCRIBE.format(keys.channel(_CONTEST)).encode()
        for _ in range(count):
            line = stack.enter_context(_line(running))
            line.sendall(subscribe)
            line.recv(1_024)  # it is subscribed
            selector.register(line, selectors.EVENT_READ)
        received: list[int] = []
        reader = threading.Thread(target=_drain, args=(selector, received, ended))
        reader.start()
        try:
            yield received
        finally:
            ended.set()
            reader.join()


def _drain(selector: selectors.BaseSelector, received: list[int], ended: threading.Event) -> None:
    buffer = bytearray(1 << 16)
    while not ended.is_set():
        for key, _ in selector.select(0.05):
            line = key.fileobj
            assert isinstance(line, socket.socket)
            received.append(line.recv_into(buffer))
