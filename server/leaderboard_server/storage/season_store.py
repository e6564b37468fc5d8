"""Ends and lists the seasons of contests, reads kept ones, and erases users from them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from leaderboard_server.domain.board import Page, RankQuery, ScoreQuery, ScoreRank
from leaderboard_server.domain.contest import Contest
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.seasons import Season, SeasonsPage, SeasonsQuery
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.contest_scripts import ContestScripts, Read
from leaderboard_server.storage.contest_store import ContestStore
from leaderboard_server.storage.rank_replies import (
    Rank,
    RankReply,
    ScoreRankReply,
    UsersReply,
    rank_arguments,
    score_arguments,
    users_arguments,
)
from leaderboard_server.storage.recovery import EndedSeason
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.rows_codec import decode_page
from leaderboard_server.storage.script_runner import ScriptRunner


class ErasedSeasons(NamedTuple):
    """Kept seasons of a contest from which a user was erased."""

    kept: int
    """How many of them the contest keeps."""
    holders: int
    """How many of them held the user."""


class SeasonReply(NamedTuple):
    """The store's reply to a request to end a season."""

    contest: Contest | None
    """The contest after it; None if there is none."""
    ended: EndedSeason | None
    """None if another season was the current one."""


class SeasonStore:
    """Reads and changes seasons. Lives as long as the store.

    The position of a kept season is its last one, which only an erasure raises.

    Attributes:
        observers: Called with a contest whenever kept seasons of it may have changed: a user was
            erased, or the contest was deleted.

    Raises:
        StoreFailure: From every method: the store is away.
    """

    def __init__(
        self,
        contest_scripts: ContestScripts,
        contests: ContestStore,
        writes: ScriptRunner,
        reads: ScriptRunner,
        request_buckets: Callable[[str], tuple[str, ...]],
    ) -> None:
        """Run scripts.

        Args:
            contest_scripts: Runs scripts on the current season, and ends it.

            contests: Reads contests.

            writes: Runs scripts that write.

            reads: Runs scripts that read.

            request_buckets: Returns the keys of the request buckets of a contest, for now.
        """
        self.observers: list[Callable[[str], None]] = []
        self._scripts = contest_scripts
        self._contests = contests
        self._writes = writes
        self._reads = reads
        self._request_buckets = request_buckets

    async def end(self, contest_id: str, season: int) -> SeasonReply:
        """End a season now, unless it is not the current one, and return the contest after it."""
        ended = await self._scripts.recovery.end_season(contest_id, season)
        return SeasonReply(await self._contests.read(contest_id), ended)

    async def list(self, query: SeasonsQuery) -> SeasonsPage | None:
        """Read a page of seasons, the current one too; None if there is no contest."""
        contest_id, page_size, before = query
        position, rest = await self._scripts.read(
            scripts.LIST_SEASONS,
            contest_id,
            before,
            page_size,
            more_keys=(keys.seasons(contest_id),),
        )
        if position == BEGINNING:
            return None
        oldest, *fields = rest
        seasons = [
            _decode_season(int(number), entry)
            for number, entry in zip(fields[::2], fields[1::2], strict=True)
        ]
        more = seasons and seasons[-1].number > int(oldest)
        return SeasonsPage(seasons, seasons[-1].number if more else 0)

    async def top(self, contest_id: str, season: int, start_place: int, count: int) -> Page | None:
        """Read rows of a kept season as `Store.top`; None if it is not kept."""
        first = start_place - 1
        arguments = (first, first + count - 1)
        read = await self._read(scripts.KEPT_TOP, contest_id, season, *arguments)
        return read and decode_page(*read)

    async def rank(self, season: int, query: RankQuery) -> Rank | None:
        """Read the rank of a user in a kept season; None if it is not kept."""
        arguments = rank_arguments((query,))
        read = await self._read(scripts.KEPT_RANKS, query.contest_id, season, *arguments)
        return read and RankReply((query,), read).ranks()[0]

    async def users(
        self, contest_id: str, season: int, user_ids: Sequence[str]
    ) -> UsersReply | None:
        """Read the ranks of 1 to 1,000 users in a kept season; None if it is not kept."""
        arguments = users_arguments(user_ids)
        read = await self._read(scripts.KEPT_RANKS, contest_id, season, *arguments)
        return read and UsersReply(user_ids, read)

    async def score_rank(self, season: int, query: ScoreQuery) -> ScoreRank | None:
        """Read the rank of a score in a kept season; None if it is not kept."""
        arguments = score_arguments((query,))
        read = await self._read(scripts.KEPT_SCORE_RANKS, query.contest_id, season, *arguments)
        return read and ScoreRankReply(read).ranks()[0]

    async def erase(self, contest_id: str, user_id: str, seasons: Sequence[int]) -> ErasedSeasons:
        """Erase a user from seasons, of which some may not be kept. About 50 take 1 ms."""
        names = (
            keys.meta(contest_id),
            keys.seasons(contest_id),
            *self._request_buckets(contest_id),
            *keys.of_seasons(contest_id, seasons),
        )
        parameters: tuple[Argument, ...] = (len(names), *names, user_id, *seasons)
        try:
            return await self._writes.run(
                scripts.ERASE_FROM_SEASONS, lambda: parameters, lambda reply: ErasedSeasons(*reply)
            )
        finally:
            self.observe_change(contest_id)

    def observe_change(self, contest_id: str) -> None:
        """Pass on that kept seasons of a contest may have changed."""
        for observer in self.observers:
            observer(contest_id)

    async def _read(
        self, script: scripts.Script, contest_id: str, season: int, *arguments: Argument
    ) -> Read | None:
        names = (
            keys.season_board(contest_id, season),
            keys.season_users(contest_id, season),
            keys.seasons(contest_id),
            keys.log(contest_id),
            keys.season_scores(contest_id, season),
        )
        parameters = (len(names), *names, season, "", *arguments)
        # The connection of reads may lead to a former master that stays behind.
        for runner in (self._reads, self._writes):
            read = await runner.run(script, lambda: parameters, _decode_read)
            if read:
                return read
        return None


def _decode_read(reply: list[Any] | None) -> Read | None:
    if reply is None:
        return None
    epoch, revision, *rest = reply
    return Read(Position(epoch.decode(), int(revision)), rest)


def _decode_season(number: int, entry: bytes) -> Season:
    epoch, revision, started_at, ended_at, total, *_ = entry.decode().split(" ", 5)
    return Season(
        number,
        None if started_at == "-" else int(started_at),
        None if ended_at == "-" else int(ended_at),
        int(total),
        Position(epoch, int(revision)),
    )
