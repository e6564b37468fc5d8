"""Measures an export of a live contest, and compares it with the board that the log leads to.

The command line is `PYTHONPATH=tests python -m benchmarks.export [USERS]`. Users all over the board
are written meanwhile, so that rows drop and climb across the row that is read; some are removed,
hidden and returned, and new ones come.
"""

import asyncio
import csv
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.layouts import Layout
from benchmarks.paths import LEADERBOARD
from benchmarks.seeding import fill, score_of
from benchmarks.store import running_store
from harness.replayed_board import ReplayedBoard, ReplayedRow
from harness.service import ServiceProcess, listening_with
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb

CONTEST = "hot"
USERS = 1_000_000
RATE = 500
"""Updates in a second."""

_TICK_S = 0.02
_MIB = 1024


@dataclass(frozen=True)
class Figures:
    """What one export took."""

    users: int
    seconds: float
    cpu_s: float
    """The CPU time of the command."""

    memory_mib: float
    """The largest memory of the command."""

    changes: int
    """The changes from the beginning of the export to its position."""

    dropped: int
    """The changes by which a row went from the upper half of the board to the lower one."""

    equal: bool
    """Whether the file has the rows of the board at its position."""

    def __str__(self) -> str:
        """Return the figures in one line."""
        verdict = "equal to" if self.equal else "DIFFERENT FROM"
        return (
            f"export of {self.users:,} users with {self.changes:,} changes, of which "
            f"{self.dropped:,} dropped to the lower half: {self.seconds:.1f} s, "
            f"{self.cpu_s:.1f} s of CPU, {self.memory_mib:.0f} MiB; "
            f"{verdict} the board of its position"
        )


class _Run(NamedTuple):
    """A run of the command."""

    seconds: float
    cpu_s: float
    memory_mib: float
    revision: int


class _Log:
    """All changes of the contest since the benchmark began."""

    def __init__(self) -> None:
        self.messages: list[pb.WatchContestResponse] = []
        self._changed = asyncio.Condition()

    @property
    def revision(self) -> int:
        """The revision of the latest message."""
        return self.messages[-1].position.revision if self.messages else 0

    async def follow(self, service: ServiceProcess) -> None:
        """Keep all messages of a watch."""
        request = pb.WatchContestRequest(contest_id=CONTEST, limit=1, scope=pb.WATCH_SCOPE_ALL)
        async for message in service.stub.WatchContest(request):
            async with self._changed:
                self.messages.append(message)
                self._changed.notify_all()

    async def reach(self, revision: int) -> None:
        """Wait for a revision."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.revision >= revision)


async def measure(folder: Path, users: int = USERS, rate: int = RATE) -> Figures:
    """Export a contest that goes on.

    Args:
        folder: An empty folder.

        users: The users of the contest.

        rate: The updates in a second meanwhile.
    """
    with running_store(folder) as store, listening_with("front"):
        fill(store, Layout.SERVICE, CONTEST, users)
        service = ServiceProcess(folder, redis_url=f"unix://{store.socket}")
        async with service, _beside(_Log(), service, users, rate) as log:
            await log.reach(users + rate // 5)
            before, file = log.revision, folder / "hot.csv"
            run = await asyncio.to_thread(_export, service.address, file)
            await log.reach(run.revision)
    rows = {
        f"u{number}": ReplayedRow(score_of(number, users), number + 1) for number in range(users)
    }
    board = ReplayedBoard(rows, users)
    board.replay(log.messages, run.revision)
    return Figures(
        users=users,
        seconds=run.seconds,
        cpu_s=run.cpu_s,
        memory_mib=run.memory_mib,
        changes=run.revision - before,
        dropped=_dropped(log.messages, users // 2),
        equal=_read(file) == board.ranked(),
    )


@asynccontextmanager
async def _beside(log: _Log, service: ServiceProcess, users: int, rate: int) -> AsyncIterator[_Log]:
    """Write to the contest and keep its log, until the end of the context."""
    follower = asyncio.create_task(log.follow(service))
    await log.reach(1)
    writer = asyncio.create_task(_write(service, users, rate))
    try:
        yield log
    finally:
        for task in (writer, follower):
            task.cancel()
        await asyncio.gather(writer, follower, return_exceptions=True)


async def _write(service: ServiceProcess, users: int, rate: int) -> None:
    """Write at a rate, with as many calls at a time as that takes."""
    chance = random.Random(7)
    began, written = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - began) * rate) - written
        written += due
        await asyncio.gather(*(_change(service, users, chance) for _ in range(due)))
        await asyncio.sleep(_TICK_S)


async def _change(service: ServiceProcess, users: int, chance: random.Random) -> None:
    user, kind = f"u{chance.randrange(users)}", chance.randrange(100)
    if kind == 0:
        user = f"new{chance.getrandbits(64)}"
    if kind == 1:
        await service.contests.RemoveUsers(
            contests_pb2.RemoveUsersRequest(contest_id=CONTEST, user_ids=[user])
        )
    elif kind == 2:
        hide = contests_pb2.HideUsersRequest(contest_id=CONTEST, user_ids=[user])
        await service.contests.HideUsers(hide)
        unhide = contests_pb2.UnhideUsersRequest(contest_id=CONTEST, user_ids=[user])
        await service.contests.UnhideUsers(unhide)
    else:
        update = pb.UpdateScoreRequest(
            contest_id=CONTEST,
            user_id=user,
            points=chance.randrange(1, users + 1),
            mode=pb.UPDATE_MODE_SET,
        )
        await service.stub.UpdateScore(update)


def _export(address: str, file: Path) -> _Run:
    """Run the command, and return what it took and the revision that it names."""
    said = file.with_suffix(".json")
    command = [str(LEADERBOARD), "export", CONTEST, "--output", str(file), "--json"]
    begun = time.monotonic()
    stderr = os.open(said, os.O_CREAT | os.O_WRONLY, 0o600)
    process = os.posix_spawn(
        command[0],
        command,
        os.environ | {"LEADERBOARD_SERVER": address},
        file_actions=[(os.POSIX_SPAWN_DUP2, stderr, 2)],
    )
    _, status, used = os.wait4(process, 0)
    os.close(stderr)
    text = said.read_text()
    if status:
        raise RuntimeError(f"the export failed: {text}")
    return _Run(
        time.monotonic() - begun,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / _MIB,
        json.loads(text)["position"]["revision"],
    )


def _dropped(messages: list[pb.WatchContestResponse], place: int) -> int:
    """Return how many changes moved a row from above a place to below it."""
    return sum(
        0 < change.previous_place <= place < change.user.place
        for message in messages
        for change in message.changes.changes
    )


def _read(file: Path) -> list[tuple[str, int, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return [
            (user_id, int(score), name)
            for _, _, user_id, score, name, _ in list(csv.reader(lines))[1:]
        ]


def main() -> None:
    """Measure, and print the figures."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else USERS
    with tempfile.TemporaryDirectory(prefix="leaderboard-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), users))
    print(figures)  # noqa: T201
    sys.exit(0 if figures.equal else 1)


if __name__ == "__main__":
    main()
