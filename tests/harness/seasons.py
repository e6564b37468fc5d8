"""Ends seasons of contests in the store."""

from leaderboard_server.storage.store import Store


async def end_season(store: Store, contest_id: str) -> int:
    """End the current season, as ResetContest does, and return its number."""
    season = (await store.position(contest_id)).season
    reply = await store.seasons.end(contest_id, season)
    assert reply.ended
    assert reply.ended.position.season == season + 1
    return season
