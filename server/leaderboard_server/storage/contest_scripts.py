"""Runs the scripts of contests, each with the latest position that this server has seen.

That position is read when a script is sent, and again when it is sent again. A store that is behind
it has lost history: a script that writes then begins an epoch itself. Where a reading script finds
that, or any that the contest has expired or its season is over, it is run again once the contest is
recovered.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from leaderboard_server.callbacks import Done, settle
from leaderboard_server.domain.errors import StoreFailure
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import CommitReply, decode_reply
from leaderboard_server.storage.epochs import Epochs
from leaderboard_server.storage.instruments import StoreInstruments
from leaderboard_server.storage.positions import PositionTracker
from leaderboard_server.storage.recovery import ContestRecovery, NextReset
from leaderboard_server.storage.registry import ContestRegistry
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.script_runner import ScriptRunner
from leaderboard_server.storage.scripts import Script
from leaderboard_server.tasks import TaskSet


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
        recovery: Recovers contests, deletes them and ends their seasons.
    """

    def __init__(
        self,
        writes: ScriptRunner,
        reads: ScriptRunner,
        positions: PositionTracker,
        registry: ContestRegistry,
        epochs: Epochs,
        bucket: Callable[[], int],
        next_reset: NextReset,
        instruments: StoreInstruments,
    ) -> None:
        """Run scripts.

        Args:
            writes: Runs scripts that write.

            reads: Runs scripts that read.

            positions: The positions that are sent.

            registry: Where contests that were deleted are removed.

            epochs: Names new epochs, and observes those in replies.

            bucket: Returns the number of the current request bucket.

            next_reset: Computes when seasons end.

            instruments: Count what recovers contests.
        """
        self._registry = registry
        self._writes = writes
        self._reads = reads
        self._positions = positions
        self._epochs = epochs
        self._bucket = bucket
        self.recovery = ContestRecovery(self.run, next_reset, instruments, self._on_expired)
        self._tasks = TaskSet(name="recover-contest")

    def start_commit(
        self,
        contest_id: str,
        bucket: int,
        updates: Sequence[ScoreUpdate],
        done: Done[CommitReply],
        *arguments: Argument,
    ) -> None:
        """Run the commit script on a request bucket, and pass on its reply to these updates."""
        decode = partial(decode_reply, contest_id, updates)
        self._start_write(scripts.COMMIT, contest_id, bucket, decode, done, arguments)

    async def write(self, script: Script, contest_id: str, *arguments: Argument) -> Read:
        """Run another script that writes, and begins an epoch if needed."""
        result: asyncio.Future[Read] = asyncio.get_running_loop().create_future()
        done = partial(settle, result)
        self._start_write(script, contest_id, self._bucket(), _decode_read, done, arguments)
        return await result

    def _start_write(
        self,
        script: Script,
        contest_id: str,
        bucket: int,
        decode: Callable[[Any], Result],
        done: Done[Result],
        arguments: tuple[Argument, ...],
    ) -> None:
        sent_after: Position = BEGINNING

        def parameters() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            names: tuple[str, ...] = keys.of_writing(contest_id, bucket, sent_after.season)
            return len(names), *names, *sent_after, *self._epochs.new(contest_id), *arguments

        def decode_and_observe(reply: Any) -> Result | None:
            if reply is None:
                return None
            decoded = decode(reply)
            self._epochs.observe_reply(contest_id, sent_after, decoded.position)
            return decoded

        def on_reply(reply: Result | Exception | None) -> None:
            if reply is None:
                again = script, contest_id, bucket, decode, done, arguments
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
            self._epochs.observe_reply(contest_id, sent_after, read.position)
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
            await self.recovery.recover(contest_id)
            start()
        except Exception as error:  # noqa: BLE001 - the caller gets it, whatever it is
            done(error)

    async def run(
        self,
        script: Script,
        contest_id: str,
        *arguments: Argument,
        more_keys: Sequence[str] = (),
        seen: Callable[[Position], Position] | None = None,
    ) -> Read:
        """Run a script that recovers contests, and return its reply.

        Args:
            script: The script.

            contest_id: The contest.

            arguments: The arguments after those of all scripts that write.

            more_keys: The keys after those of all scripts that write.

            seen: Returns the position to send in place of the latest one that was seen.
        """
        bucket, sent_after = self._bucket(), BEGINNING

        def parameters() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            names = *keys.of_writing(contest_id, bucket, sent_after.season), *more_keys
            position = seen(sent_after) if seen else sent_after
            return len(names), *names, *position, *self._epochs.new(contest_id), *arguments

        def decode(reply: list[Any]) -> Read:
            read = _decode_read(reply)
            self._epochs.observe_reply(contest_id, sent_after, read.position)
            return read

        # Not on the connection of reads: a store that takes no writes loses the connection.
        return await self._writes.run(script, parameters, decode)

    def _on_expired(self, contest_id: str) -> None:
        self._tasks.start(self._unregister_deleted(contest_id))

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


def _decode_read(reply: list[Any]) -> Read:
    epoch, revision, *rest = reply
    return Read(Position(epoch.decode(), int(revision)), rest)
