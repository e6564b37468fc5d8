"""Runs the scripts of contests, each with the latest position that this server has seen.

That position is read when a script is sent, and again when it is sent again. A store that is behind
it has lost history: a script that writes then begins an epoch itself, and for a reading script,
which may write nothing, this module has a script of its own begin one, and reads again. The same
script deletes a contest that has expired, before any other reads it or writes to it.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import structlog

from leaderboard_server.callbacks import Done, settle
from leaderboard_server.domain.errors import StoreFailure
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import CommitReply, decode_reply
from leaderboard_server.storage.instruments import StoreInstruments
from leaderboard_server.storage.pipelined_connection import Argument
from leaderboard_server.storage.positions import PositionTracker
from leaderboard_server.storage.registry import ContestRegistry
from leaderboard_server.storage.script_runner import ScriptRunner
from leaderboard_server.storage.scripts import Script
from leaderboard_server.tasks import TaskSet

_log = structlog.get_logger()


class Read(NamedTuple):
    """The reply of a reading script."""

    position: Position
    """The position of the contest."""
    rest: list[Any]
    """What depends on the script."""


Result = TypeVar("Result", Read, CommitReply)


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
        keys_of_writing: Callable[[str], tuple[str, ...]],
        epoch_prefix: str,
        instruments: StoreInstruments,
    ) -> None:
        """Run scripts.

        Args:
            writes: Runs scripts that write.

            reads: Runs scripts that read.

            positions: The positions that are sent.

            registry: Where contests are registered again after an epoch began.

            keys_of_writing: Returns the keys of scripts that write, for now.

            epoch_prefix: The beginning of the names of new epochs.

            instruments: Count the contests that are deleted because they have expired.
        """
        self.epoch_observers: list[Callable[[str], None]] = []
        self._registry = registry
        self._writes = writes
        self._reads = reads
        self._positions = positions
        self._keys_of_writing = keys_of_writing
        self._epoch_prefix = epoch_prefix
        self._instruments = instruments
        self._tasks = TaskSet(name="recover-contest")
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
        decode = partial(decode_reply, contest_id, updates)
        self._start_write(scripts.COMMIT, contest_id, names, decode, done, arguments)

    async def write(self, script: Script, contest_id: str, *arguments: Argument) -> Read:
        """Run another script that writes, and begins an epoch if needed."""
        result: asyncio.Future[Read] = asyncio.get_running_loop().create_future()
        names, done = self._keys_of_writing(contest_id), partial(settle, result)
        self._start_write(script, contest_id, names, _decode_read, done, arguments)
        return await result

    def _start_write(
        self,
        script: Script,
        contest_id: str,
        names: tuple[str, ...],
        decode: Callable[[Any], Result],
        done: Done[Result],
        arguments: tuple[Argument, ...],
    ) -> None:
        sent_after: Position = BEGINNING

        def parameters() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            return len(names), *names, *sent_after, *self._new_epoch(contest_id), *arguments

        def decode_and_observe(reply: Any) -> Result | None:
            if reply is None:
                return None
            decoded = decode(reply)
            self._observe_reply(contest_id, sent_after, decoded.position)
            return decoded

        def on_reply(reply: Result | Exception | None) -> None:
            if reply is None:
                again = script, contest_id, names, decode, done, arguments
                start = partial(self._start_write, *again)
                self._tasks.start(self._recover_before(contest_id, start, done))
                return
            if isinstance(reply, Exception):
                # The store may lose the registry before the contest begins, and nothing shows it.
                self._registry.forget(contest_id)
            done(reply)

        self._writes.start(script, parameters, decode_and_observe, on_reply)

    async def read(
        self, script: Script, contest_id: str, *arguments: Argument, more_keys: tuple[str, ...] = ()
    ) -> Read:
        """Run a reading script, on more keys of the contest where it needs them."""
        result: asyncio.Future[Read] = asyncio.get_running_loop().create_future()
        names, done = (*keys.of_contest(contest_id), *more_keys), partial(settle, result)
        self._start_read(self._reads, script, contest_id, names, done, arguments)
        return await result

    def start_read(
        self, script: Script, contest_id: str, done: Done[Read], *arguments: Argument
    ) -> None:
        """Run a reading script, and pass on what `read` returns or raises."""
        names = keys.of_contest(contest_id)
        self._start_read(self._reads, script, contest_id, names, done, arguments)

    def _start_read(
        self,
        runner: ScriptRunner,
        script: Script,
        contest_id: str,
        names: tuple[str, ...],
        done: Done[Read],
        arguments: tuple[Argument, ...],
    ) -> None:
        sent_after = BEGINNING

        def parameters() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            return len(names), *names, *sent_after, *arguments

        def decode(reply: list[Any] | None) -> Read | None:
            if reply is None:
                return None
            read = _decode_read(reply)
            self._observe_reply(contest_id, sent_after, read.position)
            return read

        def on_read(read: Read | Exception | None) -> None:
            if read is None:
                self._tasks.start(self._recover_before(contest_id, read_again, done))
            else:
                done(read)

        def read_again() -> None:
            # The connection of reads may lead to a former master that stays behind.
            self._start_read(self._writes, script, contest_id, names, done, arguments)

        runner.start(script, parameters, decode, on_read)

    async def _recover_before(
        self, contest_id: str, start: Callable[[], None], done: Done[Any]
    ) -> None:
        """Recover a contest, then run a script again."""
        try:
            await self._recover(contest_id, lambda seen: seen)
            start()
        except Exception as error:  # noqa: BLE001 - the caller gets it, whatever it is
            done(error)

    async def end_epoch(self, contest_id: str, epoch: str) -> Position:
        """Begin a new epoch if the store is still in this one, and return the position."""
        beyond = Position(epoch, MAX_SCORE)
        return await self._recover(contest_id, lambda _: beyond)

    async def _recover(
        self, contest_id: str, lost_after: Callable[[Position], Position]
    ) -> Position:
        """Begin an epoch, unless the store is not behind what `lost_after` makes of the latest.

        A contest that has expired is deleted.
        """
        names = self._keys_of_writing(contest_id)
        sent_after = BEGINNING

        def parameters() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            return len(names), *names, *lost_after(sent_after), *self._new_epoch(contest_id)

        def decode(reply: list[Any]) -> Read:
            read = _decode_read(reply)
            self._observe_reply(contest_id, sent_after, read.position)
            return read

        # Not on the connection of reads: a store that takes no writes loses the connection.
        position, (deleted,) = await self._writes.run(scripts.RECOVER, parameters, decode)
        if deleted:
            self._instruments.expired.add()
            _log.debug("contest_expired", contest_id=contest_id)
            self._tasks.start(self._unregister_deleted(contest_id))
        return position

    async def _unregister_deleted(self, contest_id: str) -> None:
        with contextlib.suppress(StoreFailure):  # the sweep does it later
            await self.unregister(contest_id)

    async def unregister(self, contest_id: str) -> None:
        """Remove a contest that does not exist from the registry.

        Raises:
            StoreFailure: The store is away.
        """
        await self._registry.unregister(contest_id)
        # It may have begun meanwhile; its writer registered it before the first commit.
        if (await self.read(scripts.READ_POSITION, contest_id)).position != BEGINNING:
            await self._registry.register(contest_id)

    def _new_epoch(self, contest_id: str) -> tuple[str, str]:
        """Return the arguments of an epoch that may begin: its channel and its name.

        Each time another name, since an earlier one may have begun and be lost by now.
        """
        return keys.channel(contest_id), f"{self._epoch_prefix}-{next(self._epoch_numbers):x}"

    def _observe_reply(self, contest_id: str, sent_after: Position, position: Position) -> None:
        if position.epoch not in (sent_after.epoch, BEGINNING.epoch):
            self._registry.on_new_epoch(contest_id)
        if self._positions.observe_reply(contest_id, sent_after, position):
            if position == BEGINNING:
                self._registry.forget(contest_id)
                _log.debug("contest_gone", contest_id=contest_id, epoch=sent_after.epoch)
            elif sent_after.epoch or position.epoch.startswith(self._epoch_prefix):
                # Else the contest may only have been seen for the first time.
                _log.debug(
                    "epoch_began",
                    contest_id=contest_id,
                    epoch=position.epoch,
                    revision=position.revision,
                    before=sent_after.epoch,
                )
            for observer in self.epoch_observers:
                observer(contest_id)


def _decode_read(reply: list[Any]) -> Read:
    epoch, revision, *rest = reply
    return Read(Position(epoch.decode(), int(revision)), rest)
