"""Commits in groups: updates that come while a commit of their contest is under way share the next.

So nobody waits longer than for the commit in flight, and a contest has one at a time.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage.codec import Outcome
from leaderboard_server.storage.store import Store

MAX_GROUP = 1_000
"""The most updates in one commit: about 25 ms of the store. Units are never split, and none is
larger than this."""


class _Unit(NamedTuple):
    """Updates that were asked for together, and take effect in one atomic step."""

    updates: Sequence[ScoreUpdate]
    outcomes: asyncio.Future[list[Outcome]]


class Committer:
    """Applies updates, those of one contest in turn. Lives as long as the store."""

    def __init__(self, store: Store, announce: Callable[[Commit], None]) -> None:
        """Commit to `store`; `announce` is told of each commit before its writers are."""
        self._store = store
        self._announce = announce
        self._lanes: dict[str, deque[_Unit]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def commit(self, contest_id: str, updates: Sequence[ScoreUpdate]) -> list[Outcome]:
        """Apply 1 to 1,000 updates of one contest in one atomic step.

        A caller that goes away while its updates wait takes them with it; once they are sent they
        take effect.

        Raises:
            StoreUnavailable: The store is away; the updates may have been applied.
        """
        unit = _Unit(updates, asyncio.get_running_loop().create_future())
        lane = self._lanes.get(contest_id)
        if lane is None:
            lane = self._lanes[contest_id] = deque()
            task = asyncio.create_task(self._serve(contest_id, lane), name="commit-lane")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        lane.append(unit)
        return await unit.outcomes

    async def close(self) -> None:
        """Wait until everything that was asked for is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, contest_id: str, lane: deque[_Unit]) -> None:
        try:
            while group := _take(lane):
                await self._commit_group(contest_id, group, lane)
        finally:
            del self._lanes[contest_id]

    async def _commit_group(self, contest_id: str, group: list[_Unit], lane: deque[_Unit]) -> None:
        updates = [update for unit in group for update in unit.updates]
        try:
            reply = await self._store.commit(contest_id, updates)
        except Exception as error:  # noqa: BLE001 - the callers get it, whatever it is
            if isinstance(error, StoreUnavailable):
                # Those who wait would only find the same, later.
                group += lane
                lane.clear()
            for unit in group:
                if not unit.outcomes.done():
                    unit.outcomes.set_exception(error)
            return
        self._announce(reply.commit)
        outcomes = iter(reply.outcomes)
        for unit in group:
            answers = [next(outcomes) for _ in unit.updates]
            if not unit.outcomes.done():
                unit.outcomes.set_result(answers)


def _take(lane: deque[_Unit]) -> list[_Unit]:
    """Take as many waiting units as one commit holds, without those whose caller went away."""
    group: list[_Unit] = []
    size = 0
    while lane and size + len(lane[0].updates) <= MAX_GROUP:
        unit = lane.popleft()
        if not unit.outcomes.done():
            group.append(unit)
            size += len(unit.updates)
    return group
