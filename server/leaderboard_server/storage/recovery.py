"""Recovers contests: ends epochs that are lost, and seasons and contests whose time is over.

Scripts that find such a contest do nothing; a server recovers it and runs them again. What is to be
done and when only the store knows; the time at which the next season ends is computed here, since a
script knows no calendar. Every step is repeated until the store says that nothing is left, so it
does not matter which of several servers was first.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import structlog

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.domain.seasons import DEFAULT_KEPT, ResetSchedule
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import decode_commit
from leaderboard_server.storage.instruments import StoreInstruments
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.scripts import Script
from leaderboard_server.storage.settings_codec import decode_number, decode_schedule, encode_number

_log = structlog.get_logger()

NextReset: TypeAlias = Callable[[ResetSchedule, int], int | None]
"""Returns the first time of a schedule after a time, in milliseconds since 1970; None for none."""


def end_of_season(
    next_reset: NextReset, schedule: ResetSchedule | None, ends_at_ms: int | None, now_ms: int
) -> int | None:
    """Return when a season ends by a schedule that goes on now, in milliseconds since 1970.

    None if it does not end by it, as where the contest is over before.
    """
    at_ms = next_reset(schedule, now_ms) if schedule else None
    if at_ms is None or (ends_at_ms is not None and at_ms >= ends_at_ms):
        return None
    return at_ms


class RunScript(Protocol):
    """Runs a script that writes; see `contest_scripts.ContestScripts.run`."""

    async def __call__(
        self,
        script: Script,
        contest_id: str,
        *arguments: Argument,
        more_keys: Sequence[str] = (),
        seen: Callable[[Position], Position] | None = None,
    ) -> tuple[Position, list[Any]]:
        """Return the position of the contest, and the rest of the reply."""


class _Facts(NamedTuple):
    """What a server has to know to end the season of a contest."""

    position: Position
    to_do: str
    """`expired`, `due`, or empty."""
    kept: int
    """The number of kept seasons, which are those before the current one."""
    now_ms: int
    reset_at_ms: int | None
    """When the season ends by the schedule; None if it does not."""
    schedule: ResetSchedule | None
    ends_at_ms: int | None
    keep: int | None
    """How many seasons are to be kept; None for `DEFAULT_KEPT`."""

    def dropped(self) -> range:
        """Return the kept seasons to drop when the current one has ended; perhaps that one too."""
        season = self.position.season
        keep = DEFAULT_KEPT if self.keep is None else self.keep
        return range(season - self.kept, season - keep + 1)


class EndedSeason(NamedTuple):
    """A season that was ended by this server."""

    contest_id: str
    position: Position
    """The position at which the next one began."""
    payload: bytes
    """The commit by which it began, as it was published."""

    def commit(self) -> Commit:
        """Return the commit by which the next one began."""
        return decode_commit(self.contest_id, self.payload)


class ContestRecovery:
    """Recovers contests. Lives as long as the store.

    Raises:
        StoreFailure: From every method: the store is away.
    """

    def __init__(
        self,
        run: RunScript,
        next_reset: NextReset,
        instruments: StoreInstruments,
        on_expired: Callable[[str], None],
    ) -> None:
        """Recover them.

        Args:
            run: Runs scripts that write.

            next_reset: Computes when seasons end.

            instruments: Count seasons that end, and contests that expire.

            on_expired: Called with each contest that was deleted because it has expired.
        """
        self._run = run
        self._next_reset = next_reset
        self._instruments = instruments
        self._on_expired = on_expired

    async def recover(self, contest_id: str) -> Position:
        """Do what has to be done before a contest is read or written, and return its position."""
        return (await self._recovered(contest_id)).position

    async def end_epoch(self, contest_id: str, epoch: str) -> Position:
        """Begin a new epoch if the store is still in this one, and return the position."""
        beyond = Position(epoch, MAX_SCORE)
        return (await self._recovered(contest_id, lambda _: beyond)).position

    async def _recovered(
        self, contest_id: str, seen: Callable[[Position], Position] | None = None
    ) -> _Facts:
        while True:
            facts = _decode_facts(*await self._run(scripts.RECOVER, contest_id, seen=seen))
            if facts.to_do == "expired":
                await self._delete_expired(contest_id, facts)
            elif facts.to_do == "due":
                await self._end_due_season(contest_id, facts)
            else:
                return facts

    async def _delete_expired(self, contest_id: str, facts: _Facts) -> None:
        if await self._delete(contest_id, facts, only_expired=True):
            self._instruments.expired.add()
            _log.debug("contest_expired", contest_id=contest_id)
            self._on_expired(contest_id)

    async def delete(self, contest_id: str, epoch: str) -> str:
        """Delete a contest, if it is in this epoch; in any, if the epoch is empty.

        Returns:
            The epoch that was deleted, empty if nothing was.
        """
        while True:
            facts = await self._recovered(contest_id)
            present = facts.position.epoch
            if not present or epoch not in ("", present):
                return ""
            if await self._delete(contest_id, facts, only_expired=False):
                return present

    async def _delete(self, contest_id: str, facts: _Facts, *, only_expired: bool) -> bool:
        season = facts.position.season
        _, (deleted,) = await self._run(
            scripts.DELETE_CONTEST,
            contest_id,
            facts.position.epoch,
            int(only_expired),
            facts.kept,
            more_keys=keys.of_seasons(contest_id, range(season - facts.kept, season)),
        )
        return bool(deleted)

    async def end_season(self, contest_id: str, season: int) -> EndedSeason | None:
        """End a season now, unless it is not the current one."""
        while True:
            facts = await self._recovered(contest_id)
            if facts.position.season != season:
                return None
            reset_at = encode_number(facts.reset_at_ms)
            ended = await self._end_season(contest_id, facts, reset_at, by_schedule=False)
            if ended.payload:
                return ended

    async def _end_due_season(self, contest_id: str, facts: _Facts) -> None:
        next_ms = end_of_season(self._next_reset, facts.schedule, facts.ends_at_ms, facts.now_ms)
        await self._end_season(contest_id, facts, encode_number(next_ms), by_schedule=True)

    async def _end_season(
        self, contest_id: str, facts: _Facts, next_at: str, *, by_schedule: bool
    ) -> EndedSeason:
        season, dropped = facts.position.season, facts.dropped()
        position, (payload,) = await self._run(
            scripts.NEW_SEASON,
            contest_id,
            season,
            encode_number(facts.reset_at_ms),
            next_at,
            int(by_schedule),
            facts.kept,
            encode_number(facts.keep),
            *dropped,
            more_keys=keys.of_seasons(contest_id, (season, *dropped)),
        )
        if payload:
            self._instruments.seasons.add()
            _log.debug(
                "season_ended", contest_id=contest_id, season=season, by_schedule=by_schedule
            )
        return EndedSeason(contest_id, position, payload)


def _decode_facts(position: Position, facts: Sequence[bytes]) -> _Facts:
    to_do, kept, now, reset_at, schedule, ends_at, keep = facts
    return _Facts(
        position,
        to_do.decode(),
        int(kept),
        int(now),
        decode_number(reset_at),
        decode_schedule(schedule),
        decode_number(ends_at),
        decode_number(keep),
    )
