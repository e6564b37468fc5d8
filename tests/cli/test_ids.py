"""Ids may hold any printable characters; one that begins with `-` is written after `--`."""

import pytest

from cli.conftest import Run
from cli.fake_service import FakeService
from cli.watch_messages import FIRST, OVER
from leaderboard.v1 import contests_pb2
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


@pytest.mark.parametrize("user", ["_x", "auth0|1", "a+b@example.com", "Zm9v/YmFy==", "#7", "~"])
def test_ids_of_other_systems(fake: FakeService, run: Run, user: str) -> None:
    """Ids with other printable characters need no `--`."""
    for command in (
        ["update", "_c:1", user, "1"],
        ["rank", "_c:1", user],
        ["friends", "_c:1", user],
    ):
        assert run(*command).code == ExitCode.OK

    [update] = fake.received
    rank, friends = fake.asked
    assert (update.contest_id, update.user_id) == ("_c:1", user)
    assert rank == pb.GetUserRankRequest(contest_id="_c:1", user_id=user, neighbors=2)
    assert friends == pb.BatchGetUserRanksRequest(contest_id="_c:1", user_ids=[user])


def test_friends(fake: FakeService, run: Run) -> None:
    """`friends` takes such users after `--`, as many as there are."""
    assert run("friends", "--", "chess", "-x", "--json", "ada", "-1").code == ExitCode.OK

    assert fake.asked == [
        pb.BatchGetUserRanksRequest(contest_id="chess", user_ids=["-x", "--json", "ada", "-1"])
    ]


def test_whatif(fake: FakeService, run: Run) -> None:
    """`whatif` takes such a contest after `--`, with a negative score too."""
    assert run("whatif", "--around", "0", "--", "-chess", "-5").code == ExitCode.OK

    assert fake.asked == [pb.GetScoreRankRequest(contest_id="-chess", score=-5)]


@pytest.mark.parametrize(
    ("command", "given"), [("create", []), ("show", []), ("set", ["--order=lowest"])]
)
def test_contest(fake: FakeService, run: Run, command: str, given: list[str]) -> None:
    """The commands of `contest` take such a contest after `--`."""
    fake.contests.contests["--json"] = contests_pb2.Contest(contest_id="--json")

    assert run("contest", command, *given, "--", "--json").out.startswith("--json: 0 users")


def test_list(fake: FakeService, run: Run) -> None:
    """`contest list` takes such a prefix as the value of its option."""
    assert run("contest", "list", "--prefix", "-x").code == ExitCode.OK

    [request] = fake.asked
    assert isinstance(request, contests_pb2.ListContestsRequest)
    assert request.id_prefix == "-x"


def test_help_says_so(run: Run) -> None:
    """The help of the command shows where such ids go."""
    assert "leaderboard rank -- chess -x" in run("--help").out
