"""Ends seasons, so that no later read of this server is behind, and lists them."""

from leaderboard_server.domain.contest import Contest
from leaderboard_server.domain.errors import ContestNotFound, SeasonNotCurrent
from leaderboard_server.domain.seasons import SeasonsPage, SeasonsQuery
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.season_store import SeasonStore


class Seasons:
    """Ends and lists the seasons of contests. Lives as long as the store.

    Raises:
        StoreFailure: From every method: the store is away.
    """

    def __init__(self, seasons: SeasonStore, followers: LogFollowers) -> None:
        """Use `seasons`; pass on to `followers` what a caller gets."""
        self._seasons = seasons
        self._followers = followers

    async def end(self, contest_id: str, season: int) -> Contest:
        """End a season, unless it is over, and return the contest after it.

        Raises:
            ContestNotFound: There is no such contest.

            SeasonNotCurrent: The season has not begun.
        """
        reply = await self._seasons.end(contest_id, season)
        if reply.ended:
            self._followers.observe_own_commit(reply.ended)
        if reply.contest is None:
            raise ContestNotFound(contest_id)
        self._followers.observe_read(contest_id, reply.contest.position)
        if reply.contest.season <= season:
            raise SeasonNotCurrent(contest_id, reply.contest.season)
        return reply.contest

    async def page(self, query: SeasonsQuery) -> SeasonsPage:
        """Return a page of the seasons of a contest, the latest first.

        Raises:
            ContestNotFound: There is no such contest.
        """
        page = await self._seasons.list(query)
        if page is None:
            raise ContestNotFound(query.contest_id)
        return page
