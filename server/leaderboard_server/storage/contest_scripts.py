"""Runs the scripts of contests, each with the latest position that this server has seen.

That position is read when a script is sent, and again when it is sent again. A store that is behind
it has lost history: a commit then begins an epoch itself, and for a reading script, which may write
nothing, this module has a script of its own begin one, and reads again.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.update import MAX_SCORE, ScoreUpdate
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import CommitReply, decode_reply
from leaderboard_server.storage.pipelined_connection import Argument
from leaderboard_server.storage.positions import PositionTracker
from leaderboard_server.storage.scripts import Script, ScriptRunner


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
        epoch_prefix: str,
    ) -> None:
        """Send positions of `positions`, and name new epochs with `epoch_prefix`."""
        self.epoch_observers: list[Callable[[str], None]] = []
        self._writes = writes
        self._reads = reads
        self._positions = positions
        self._epoch_prefix = epoch_prefix
        self._epoch_numbers = itertools.count(1)

    async def commit(
        self,
        contest_id: str,
        names: tuple[str, ...],
        updates: Sequence[ScoreUpdate],
        *arguments: Argument,
    ) -> CommitReply:
        """Run the commit script on the keys `names`, and return its reply to these updates."""

        def parameters(seen: Position) -> tuple[Argument, ...]:
            return len(names), *names, *seen, *self._new_epoch(contest_id), *arguments

        sent_after, reply = await self._run(self._writes, scripts.COMMIT, contest_id, parameters)
        decoded = decode_reply(contest_id, updates, reply)
        self._observe_reply(contest_id, sent_after, decoded.position)
        return decoded

    async def read(
        self, script: Script, contest_id: str, *arguments: Argument
    ) -> tuple[Position, list[Any]]:
        """Run a reading script; return the position of the contest, and the rest of the reply."""
        names = keys.of_contest(contest_id)

        def parameters(seen: Position) -> tuple[Argument, ...]:
            return len(names), *names, *seen, *arguments

        runner = self._reads
        while True:
            sent_after, reply = await self._run(runner, script, contest_id, parameters)
            if reply is not None:
                epoch, revision, *rest = reply
                position = Position(epoch.decode(), int(revision))
                self._observe_reply(contest_id, sent_after, position)
                return position, rest
            await self._begin_epoch(contest_id, lambda seen: seen)
            # The connection of reads may lead to a former master that stays behind.
            runner = self._writes

    async def end_epoch(self, contest_id: str, epoch: str) -> Position:
        """Begin a new epoch if the store is still in this one, and return the position."""
        beyond = Position(epoch, MAX_SCORE)
        return await self._begin_epoch(contest_id, lambda _: beyond)

    async def _begin_epoch(
        self, contest_id: str, lost_after: Callable[[Position], Position]
    ) -> Position:
        """Begin an epoch, unless the store is not behind what `lost_after` makes of the latest."""
        names = keys.of_contest(contest_id)

        def parameters(seen: Position) -> tuple[Argument, ...]:
            return len(names), *names, *lost_after(seen), *self._new_epoch(contest_id)

        # Not on the connection of reads: a store that takes no writes loses the connection.
        script = scripts.BEGIN_EPOCH
        sent_after, reply = await self._run(self._writes, script, contest_id, parameters)
        position = Position(reply[0].decode(), int(reply[1]))
        self._observe_reply(contest_id, sent_after, position)
        return position

    def _new_epoch(self, contest_id: str) -> tuple[str, str]:
        """Return the arguments of an epoch that may begin: its channel and its name.

        Each time another name, since an earlier one may have begun and be lost by now.
        """
        return keys.channel(contest_id), f"{self._epoch_prefix}-{next(self._epoch_numbers):x}"

    async def _run(
        self,
        runner: ScriptRunner,
        script: Script,
        contest_id: str,
        parameters: Callable[[Position], tuple[Argument, ...]],
    ) -> tuple[Position, Any]:
        """Run a script; return the latest position when it was sent last, and the reply."""
        sent_after = BEGINNING

        def at_present() -> tuple[Argument, ...]:
            nonlocal sent_after
            sent_after = self._positions.latest(contest_id)
            return parameters(sent_after)

        reply = await runner.run(script, at_present)
        return sent_after, reply

    def _observe_reply(self, contest_id: str, sent_after: Position, position: Position) -> None:
        if self._positions.observe_reply(contest_id, sent_after, position):
            for observer in self.epoch_observers:
                observer(contest_id)
