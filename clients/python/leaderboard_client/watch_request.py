"""The request of a watch's streams, and their metadata."""

from collections.abc import Callable, Iterable

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.channels import Metadata
from leaderboard_client.encoding import encoding, user_list
from leaderboard_client.live_board import DEFAULT_LIMIT
from leaderboard_client.watch_update import StreamLostError


def watch_request(
    contest_id: str, limit: int, scope: int, user_ids: Iterable[str], min_interval: float
) -> pb.WatchContestRequest:
    """Return the request of a watch's first stream.

    Raises:
        ValueError: An argument can't be encoded.
    """
    with encoding():
        request = pb.WatchContestRequest(
            contest_id=contest_id,
            limit=limit or DEFAULT_LIMIT,
            scope=pb.WatchScope.Name(scope),
            user_ids=user_list(user_ids),
        )
        if min_interval:
            request.min_interval.FromMicroseconds(round(min_interval * 1e6))
    return request


def stream_metadata(metadata: Callable[[], Metadata]) -> Metadata:
    """Return the metadata of a stream.

    Raises:
        StreamLostError: It is not available, such as a token for the moment.
    """
    try:
        return metadata()
    except Exception as error:
        raise StreamLostError(f"no token: {error}") from error
