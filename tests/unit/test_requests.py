"""Checks of requests as a whole."""

import gc

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.errors import InvalidRequest
from leaderboard_server.transport import requests


def test_refused_updates_of_a_batch_leave_no_cyclic_garbage() -> None:
    """Refused updates are freed with their batch: no collector has to stop the loop for them."""
    request = pb.BatchUpdateScoresRequest(updates=[pb.UpdateScoreRequest()] * 1_000)

    def check_batch() -> None:
        checked = requests.batch(request, 0, 1_000)
        assert all(isinstance(update, InvalidRequest) for update in checked)

    gc.collect()
    gc.disable()
    try:
        check_batch()
        assert gc.collect() < 100
    finally:
        gc.enable()
