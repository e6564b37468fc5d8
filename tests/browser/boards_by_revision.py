"""The board of a contest at every revision, to compare with what stood on the page."""

import asyncio

from browser.shown_board import ShownRow
from harness.replayed_board import ReplayedBoard, ReplayedRow
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

_DEADLINE_S = 20.0


class BoardsByRevision:
    """Replays all changes of a contest with default rules since its first write."""

    def __init__(
        self, first: pb.UpdateScoreResponse, messages: list[pb.WatchContestResponse]
    ) -> None:
        assert first.position.revision == 1, "not the first write"
        self._first = first.user
        self._messages = messages

    def shown(self, revision: int, limit: int) -> tuple[int, tuple[ShownRow, ...]]:
        """Return the number of users and the rows that a page must show at a revision."""
        first = ReplayedRow(self._first.score, 1, self._first.display_name)
        board = ReplayedBoard({self._first.user_id: first}, revision=1)
        board.replay(self._messages, revision)
        ranked = board.ranked()
        return len(ranked), tuple(
            ShownRow(user_id, rank, name or user_id, score)
            for rank, (user_id, score, name) in enumerate(ranked[:limit], start=1)
        )


async def boards_by_revision(
    stub: LeaderboardServiceStub,
    contest_id: str,
    first: pb.UpdateScoreResponse,
    until: pb.Position,
) -> BoardsByRevision:
    """
    Read all changes of a contest from the service itself.

    Args:
        stub: The service.
        contest_id: The contest.
        first: The answer to its first write.
        until: The position to read up to, of the same epoch.

    Raises:
        AssertionError: The service has not all changes any more.
        TimeoutError: It doesn't send them.
    """
    request = pb.WatchContestRequest(
        contest_id=contest_id, scope=pb.WATCH_SCOPE_ALL, limit=1, resume_after=first.position
    )
    messages: list[pb.WatchContestResponse] = []
    async with asyncio.timeout(_DEADLINE_S):
        async for message in stub.WatchContest(request):
            assert not message.HasField("snapshot"), f"history is missing: {message.snapshot}"
            messages.append(message)
            if message.position.revision >= until.revision:
                break
    return BoardsByRevision(first, messages)
