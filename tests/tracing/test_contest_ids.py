"""The contest of a request, which the span of its call names."""

import pytest

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.tracing.contest_ids import contest_id_of
from tracing.traced_server import SERVICE


@pytest.mark.parametrize(
    ("contest_id", "shown"), [("cup", "cup"), ("x" * 2**19, ""), ("two words", ""), ("", "")]
)
def test_an_invalid_id_is_left_out(contest_id: str, shown: str) -> None:
    """A span that waits for its export holds nothing of the size that a caller likes."""
    request = pb.GetUserRankRequest(contest_id=contest_id, user_id="ada")

    assert contest_id_of(f"/{SERVICE}/GetUserRank", request.SerializeToString()) == shown
