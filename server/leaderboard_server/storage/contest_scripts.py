"""Runs the scripts of contests, each with the latest position that this server has seen.

That position is read when a script is sent, and again when it is sent again. A store that is behind
it has lost history: a commit then begins an epoch itself, and for a reading script, which may write
nothing, this module has a script of its own begin one, and reads again.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from leaderboard_server.callbacks import Done, settle
from leaderboard_server.domain.errors import StoreFull
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import CommitReply, decode_reply
from leaderboard_server.storage.pipelined_connection import Argument
from leaderboard_server.storage.positions import PositionTracker
from leaderboard_server.storage.registry import ContestRegistry
from leaderboard_server.storage.script_runner import ScriptRunner
from leaderboard_server.storage.scripts import Script
from leaderboard_server.tasks import TaskSet


class Read(NamedTuple):
    """The reply of a reading script."""

    position: Position
    """The position of the contest."""
    rest: list[Any]
    """What depends on the script."""


class ContestScripts:
    """Runs scripts on two connections. Lives as long as the store.

    Attributes:
        epoch_observers: Called with a contest whenever a reply shows a new epoch of it.
    """

    def __init__(
        self,
        writes: ScriptRunner,
        reads: ScriptRunner,
        positions: PositionTracker,
        registry: ContestRegistry,
        epoch_prefix: str,
    ) -> None:
        """Run scripts.

        Args:
            writes: Runs scripts that write.

            reads: Runs scripts that read.

            positions: The positions that are sent.

            registry: Where contests are registered before an epoch begins.

            epoch_prefix: The beginning of the names of new epochs.
        """
        self.epoch_observers: list[Callable[[str], None]] = []
        self._registry = registry
        self._writes = writes
        self._reads = reads
        self._positions = positions
        self._epoch_prefix = epoch_prefix
        self._tasks = TaskSet(name="read-after-loss")
        self._epoch_numbers = itertools.count(1)

    def start_commit(
        self,
        contest_id: str,
        names: tuple[str, ...],
        updates: Sequence[ScoreUpdate],
        done: Done[CommitReply],
        *arguments: Argument,
    ) -> None:
        """Run the commit script on the keys `names`, and pass on its reply to these updates."""
        sent_after = BEGINNING

        def parameters() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            return len(names), *names, *sent_after, *self._new_epoch(contest_id), *arguments

        def decode(reply: bytes) -> CommitReply:
            decoded = decode_reply(contest_id, updates, reply)
            self._observe_reply(contest_id, sent_after, decoded.position)
            return decoded

        self._writes.start(scripts.COMMIT, parameters, decode, done)

    async def read(self, script: Script, contest_id: str, *arguments: Argument) -> Read:
        """Run a reading script."""
        result: asyncio.Future[Read] = asyncio.get_running_loop().create_future()
        self.start_read(script, contest_id, partial(settle, result), *arguments)
        return await result

    def start_read(
        self, script: Script, contest_id: str, done: Done[Read], *arguments: Argument
    ) -> None:
        """Run a reading script, and pass on what `read` returns or raises."""
        self._start_read(self._reads, script, contest_id, done, arguments)

    def _start_read(
        self,
        runner: ScriptRunner,
        script: Script,
        contest_id: str,
        done: Done[Read],
        arguments: tuple[Argument, ...],
    ) -> None:
        names = keys.of_contest(contest_id)
        sent_after = BEGINNING

        def parameters() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            return len(names), *names, *sent_after, *arguments

        def decode(reply: list[Any] | None) -> Read | None:
            return None if reply is None else self._decode_read(contest_id, sent_after, reply)

        def on_read(read: Read | Exception | None) -> None:
            if read is None:
                self._tasks.start(read_again())
            else:
                done(read)

        async def read_again() -> None:
            try:
                await self._begin_epoch(contest_id, lambda seen: seen)
                # The connection of reads may lead to a former master that stays behind.
                self._start_read(self._writes, script, contest_id, done, arguments)
            except Exception as error:  # noqa: BLE001 - the caller gets it, whatever it is
                done(error)

        runner.start(script, parameters, decode, on_read)

    async def change(self, script: Script, contest_id: str, *arguments: Argument) -> Read:
        """Run a script that changes the settings of a contest, and begins an epoch if needed."""
        names = keys.of_contest(contest_id)
        sent_after = BEGINNING

        def parameters() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            return len(names), *names, *sent_after, *self._new_epoch(contest_id), *arguments

        def decode(reply: list[Any]) -> Read:
            return self._decode_read(contest_id, sent_after, reply)

        return await self._writes.run(script, parameters, decode)

    def _decode_read(self, contest_id: str, sent_after: Position, reply: list[Any]) -> Read:
        epoch, revision, *rest = reply
        position = Position(epoch.decode(), int(revision))
        self._observe_reply(contest_id, sent_after, position)
        return Read(position, rest)

    async def end_epoch(self, contest_id: str, epoch: str) -> Position:
        """Begin a new epoch if the store is still in this one, and return the position."""
        beyond = Position(epoch, MAX_SCORE)
        return await self._begin_epoch(contest_id, lambda _: beyond)

    async def _begin_epoch(
        self, contest_id: str, lost_after: Callable[[Position], Position]
    ) -> Position:
        """Begin an epoch, unless the store is not behind what `lost_after` makes of the latest."""
        names = keys.of_contest(contest_id)
        sent_after = BEGINNING

        def parameters() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            return len(names), *names, *lost_after(sent_after), *self._new_epoch(contest_id)

        def decode(reply: list[Any]) -> Position:
            position = Position(reply[0].decode(), int(reply[1]))
            self._observe_reply(contest_id, sent_after, position)
            return position

        # An emptied store has lost the registry too; a full one can still be read.
        with contextlib.suppress(StoreFull):
            await self._registry.register(contest_id)
        # Not on the connection of reads: a store that takes no writes loses the connection.
        return await self._writes.run(scripts.BEGIN_EPOCH, parameters, decode)

    def _new_epoch(self, contest_id: str) -> tuple[str, str]:
        """Return the arguments of an epoch that may begin: its channel and its name.

        Each time another name, since an earlier one may have begun and be lost by now.
        """
        return keys.channel(contest_id), f"{self._epoch_prefix}-{next(self._epoch_numbers):x}"

    def _observe_reply(self, contest_id: str, sent_after: Position, position: Position) -> None:
        if self._positions.observe_reply(contest_id, sent_after, position):
            if sent_after != BEGINNING:
                self._registry.on_lost_history(contest_id)
            for observer in self.epoch_observers:
                observer(contest_id)
