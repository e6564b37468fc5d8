"""Ids that begin with `-` are written after `--`, or as the value of an option."""

import pytest

from cli.conftest import Run
from cli.fake_service import FakeService
from cli.watch_messages import FIRST, OVER
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode

_OVER_AT_FIRST = pb.WatchContestResponse(
    position=FIRST.position, previous_revision=FIRST.position.revision, end=OVER.end
)


def test_rank(fake: FakeService, run: Run) -> None:
    """`rank` asks for a user whose id looks like an option."""
    outcome = run("rank", "--neighbors", "1", "--", "-chess", "-x")

    assert outcome.code == ExitCode.OK
    assert fake.asked == [pb.GetUserRankRequest(contest_id="-chess", user_id="-x", neighbors=1)]


def test_top(fake: FakeService, run: Run) -> None:
    """`top` asks for a contest whose id looks like an option."""
    assert run("top", "--limit", "3", "--", "--help").code == ExitCode.OK

    assert fake.asked == [pb.GetTopUsersRequest(contest_id="--help", limit=3, start_rank=1)]


@pytest.mark.parametrize("user", ["-x", "-1", "--json", "-h"])
def test_update(fake: FakeService, run: Run, user: str) -> None:
    """`update` writes to such a user, with negative points too."""
    assert run("update", "--", "-chess", user, "-5").code == ExitCode.OK

    [update] = fake.received
    assert (update.contest_id, update.user_id, update.points) == ("-chess", user, -5)


@pytest.mark.parametrize("option", [["--user=-x"], ["--user", "-x"]])
def test_watch(fake: FakeService, run: Run, option: list[str]) -> None:
    """`watch` takes such a contest after `--`, and such users as values of its option."""
    fake.stream = [FIRST, _OVER_AT_FIRST]

    assert run("watch", *option, "--", "-chess").code == ExitCode.OK

    [request] = fake.asked
    assert isinstance(request, pb.WatchContestRequest)
    assert (request.contest_id, list(request.user_ids)) == ("-chess", ["-x"])


def test_help_says_so(run: Run) -> None:
    """The help of the command shows where such ids go."""
    assert "leaderboard rank -- chess -x" in run("--help").out
