"""Checks that a write counts, counts once and can be read, in a contest of the doctor's own."""

import time
from uuid import uuid4

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.doctor.target import CallFailedError, CheckedTarget
from leaderboard_cli.latencies import milliseconds

CONTEST = "doctor"
"""Where the doctor writes, to one user, so that runs leave no more behind than one did."""

_CHECK = "write"


def check_write(checked: CheckedTarget) -> CheckResult:
    """Add a point, send that again, and read it back at its position."""
    service = checked.service
    update = pb.UpdateScoreRequest(
        contest_id=CONTEST, user_id="scratch", points=1, request_id=str(uuid4())
    )
    try:
        began = time.monotonic()
        first: pb.UpdateScoreResponse = checked.call(service.UpdateScore, update)
        taken = time.monotonic() - began
        again: pb.UpdateScoreResponse = checked.call(service.UpdateScore, update)
        request = pb.GetUserRankRequest(
            contest_id=CONTEST, user_id="scratch", min_position=first.position
        )
        read: pb.GetUserRankResponse = checked.call(service.GetUserRank, request)
    except CallFailedError as error:
        do = "look at the store: full, read-only or away; the server's log says which"
        return CheckResult(_CHECK, Verdict.FAIL, str(error), do)
    numbers = {"write_ms": round(taken * 1e3, 3)}
    if not again.replayed or again.user.score != first.user.score:
        found = "sent twice with one request id, it counted twice"
        do = "keep this server from writers: it breaks its first promise"
        return CheckResult(_CHECK, Verdict.FAIL, found, do, numbers)
    if read.position.epoch == first.position.epoch and read.user.score < first.user.score:
        found = "a read gave less than what was acknowledged"
        do = "keep this server from readers: it breaks its promise of fresh reads"
        return CheckResult(_CHECK, Verdict.FAIL, found, do, numbers)
    found = f"counted once and read back, in {milliseconds(taken)}; contest `{CONTEST}` stays"
    return CheckResult(_CHECK, Verdict.OK, found, numbers=numbers)
