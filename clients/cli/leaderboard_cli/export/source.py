"""The service that an export reads: pages, and one watch at a time."""

from typing import Self

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.connection import Connection
from leaderboard_cli.export.change_reader import ChangeReader
from leaderboard_cli.target import Target
from leaderboard_client.watch import Watch

IDLE_TIMEOUT = 3.0
"""The seconds of waiting for a message after which the stream is replaced by one that resumes.

A server says with the first message of such a stream up to where nothing has changed; on the old
one it would do so after 15 s."""


class ServiceSource:
    """Reads through the connection of the command. The watch ends with the block."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self._connection = connection
        self._target = target
        self._watch: Watch | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._watch:
            self._watch.close()

    def get_top_users(self, request: pb.GetTopUsersRequest) -> pb.GetTopUsersResponse:
        """Read consecutive rows; raise CallError if it fails."""
        return self._connection.get_top_users(request)

    def begin_watch(self, contest_id: str) -> ChangeReader:
        """Begin a watch of all changes, in place of the one before."""
        if self._watch:
            self._watch.close()
        request = pb.WatchContestRequest(contest_id=contest_id, limit=1, scope=pb.WATCH_SCOPE_ALL)
        self._watch = self._target.blocking_watch(request, idle_timeout=IDLE_TIMEOUT)
        return ChangeReader(
            contest_id,
            self._watch,
            patience=self._target.timeout + IDLE_TIMEOUT,
        )
