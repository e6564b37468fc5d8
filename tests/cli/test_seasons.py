"""Seasons: their schedules, resets and lists, and the commands that read or write one."""

import json
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import code_pb2

from cli.command import OnTerminal, run_in_pipe
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.refusals import refusal
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode


def held(fake: FakeService, contest: str = "cup") -> contests_pb2.Contest:
    """Return a contest of the service."""
    return fake.contests.contests[contest]


def lines(text: str) -> list[str]:
    """Return the lines that have any words, with single spaces."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("options", "cron", "zone", "shown"),
    [
        (["daily"], "0 0 * * *", "UTC", "daily (UTC)"),
        (["weekly:mon"], "0 0 * * MON", "UTC", "weekly:mon (UTC)"),
        (["weekly:sun"], "0 0 * * SUN", "UTC", "weekly:sun (UTC)"),
        (["monthly"], "0 0 1 * *", "UTC", "monthly (UTC)"),
        (
            ["yearly", "--time-zone", "Europe/Berlin"],
            "0 0 1 1 *",
            "Europe/Berlin",
            "yearly (Europe/Berlin)",
        ),
        (["30 18 * * FRI"], "30 18 * * FRI", "UTC", "30 18 * * FRI (UTC)"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_schedules(
    fake: FakeService, run: Run, options: list[str], cron: str, zone: str, shown: str
) -> None:
    """A schedule is sent as a cron expression with a time zone, and shown by its name."""
    outcome = run("contest", "create", "cup", "--reset", *options)

    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    schedule = contests_pb2.ResetSchedule(cron=cron, time_zone=zone)
    contest = contests_pb2.Contest(contest_id="cup", reset_schedule=schedule)
    assert fake.asked == [contests_pb2.CreateContestRequest(contest=contest)]
    assert f"reset {shown}" in lines(outcome.out)
    assert "keep-seasons 10" in lines(outcome.out)


def test_settings_of_seasons_are_set_and_removed(fake: FakeService, run: Run) -> None:
    """`set` changes the schedule and the kept seasons, and --unset gives them their defaults."""
    run("contest", "create", "cup", "--keep-seasons", "0")
    given = run("contest", "set", "cup", "--reset", "monthly", "--keep-seasons", "3")
    zone = held(fake).reset_schedule.time_zone
    removed = run("contest", "set", "cup", "--unset", "reset", "--unset", "keep-seasons")

    assert "reset monthly (UTC)" in lines(given.out)
    assert "keep-seasons 3" in lines(given.out)
    assert zone == "UTC"
    assert "reset none" in lines(removed.out)
    assert "keep-seasons 10" in lines(removed.out)
    assert not held(fake).HasField("reset_schedule")
    [first, second] = [
        each.update_mask
        for each in fake.asked
        if isinstance(each, contests_pb2.UpdateContestRequest)
    ]
    assert first == second == FieldMask(paths=["reset_schedule", "keep_seasons"])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--reset", "weekly"], "'weekly' is not daily, weekly:mon, monthly, yearly or a cron"),
        (["--reset", "0 0 * *"], "'0 0 * *' is not daily, weekly:mon, monthly, yearly or a cron"),
        (["--reset", ""], "--reset '' is not daily"),
        (["--reset", "daily", "--time-zone", ""], "--time-zone is empty"),
        (["--time-zone", "Europe/Berlin"], "--time-zone goes with --reset"),
        (["--unset", "time-zone"], "'time-zone' is not one of"),
        (["--reset", "daily", "--unset", "reset"], "--reset and --unset reset exclude each other"),
        (["--keep-seasons", "1001"], "Invalid value for '--keep-seasons'"),
        (["--keep-seasons", "-1"], "Invalid value for '--keep-seasons'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_settings_of_seasons_are_not_sent(
    fake: FakeService, run: Run, options: list[str], problem: str
) -> None:
    """What can't be a schedule or a number of seasons is wrong usage."""
    outcome = run("contest", "set", "cup", *options, "--json")

    assert outcome.code == ExitCode.INVALID
    assert problem in json.loads(outcome.err)["error"]["message"]
    assert not fake.asked


def test_a_contest_shows_its_season(fake: FakeService, run: Run) -> None:
    """`show` and `list` have the season, the schedule and the next reset where there are any."""
    run("contest", "create", "chess")
    plain = run("contest", "show", "chess").out
    plain_list = run("contest", "list").out
    run("contest", "create", "cup", "--reset", "daily")
    held(fake).season = 1_234
    held(fake).next_reset_at.FromJsonString("2026-12-01T00:00:00Z")

    shown = lines(run("contest", "show", "cup").out)
    listed = lines(run("contest", "list").out)

    assert "season 1" not in plain
    assert "Season" not in plain_list
    assert shown[0].endswith("; season 1,234, next reset 2026-12-01T00:00:00Z")
    assert listed[0].startswith("Contest Users Season Times")
    assert listed[-2:] == ["chess 0 1", "cup 0 1,234 reset daily (UTC), next 2026-12-01T00:00:00Z"]


def test_reset_ends_the_current_season(fake: FakeService, run: Run) -> None:
    """`reset` ends the season that it has read, and says which one has begun."""
    run("contest", "create", "cup")
    held(fake).total_users = 12

    first = run("contest", "reset", "cup", "--yes")
    second = run("contest", "reset", "cup", "--yes", "--json")

    assert first == (ExitCode.OK, "cup: season 1 has ended, it is season 2 now\n", "")
    assert json.loads(second.out)["season"] == 3
    resets = [each for each in fake.asked if isinstance(each, contests_pb2.ResetContestRequest)]
    assert [each.season for each in resets] == [1, 2]
    assert run("contest", "reset", "cap", "--yes").code == ExitCode.NOT_FOUND


def test_a_reset_that_names_its_season_can_be_repeated(fake: FakeService, run: Run) -> None:
    """A season that is over needs no question, one that has not begun is a conflict."""
    run("contest", "create", "cup")
    done = [run("contest", "reset", "cup", "--season", "1", *yes) for yes in (["--yes"], [])]
    early = run("contest", "reset", "cup", "--season", "7")

    assert done[0].out == "cup: season 1 has ended, it is season 2 now\n"
    assert done[1] == (ExitCode.OK, "cup: season 1 was over, it is season 2\n", "")
    assert early == (ExitCode.REJECTED, "", "error: season 7 has not begun\n")
    assert held(fake).season == 2


@pytest.mark.parametrize(
    ("options", "loss"),
    [
        ([], "and is kept; the contest keeps its last 10 seasons"),
        (["--keep-seasons", "1"], "and is kept; the contest keeps its last 1 season"),
        (["--keep-seasons", "0"], "and is lost for good: this contest keeps no seasons"),
    ],
)
def test_reset_needs_a_confirmation(
    fake: FakeService, run: Run, options: list[str], loss: str
) -> None:
    """Without a terminal `reset` needs --yes, and says what happens to how many users."""
    run("contest", "create", "cup", *options)
    held(fake).total_users = 12

    refused = run_in_pipe("contest", "reset", "cup", given=b"y\n", LEADERBOARD_SERVER=fake.address)

    why = f"error: season 1 of cup ends, with 12 users, {loss}; confirm it with --yes\n"
    assert refused == (ExitCode.INVALID, "", why)
    assert held(fake).season == 1


def test_reset_asks_on_a_terminal(fake: FakeService, run: Run) -> None:
    """On a terminal `reset` goes on after a yes."""
    run("contest", "create", "cup")

    with OnTerminal("contest", "reset", "cup", "--server", fake.address) as terminal:
        terminal.read_until(lambda shown: "keeps its last 10 seasons. Go on? [y/N]" in shown)
        terminal.press("y\n")
        ended, shown = terminal.read_to_end()

    assert ended == ExitCode.OK
    assert "cup: season 1 has ended, it is season 2 now" in shown


def test_seasons_are_listed(fake: FakeService, run: Run) -> None:
    """`season list` reads all pages, and shows what is known of each season."""
    run("contest", "create", "cup")
    for users in (3, 12, 7):
        held(fake).total_users = users
        run("contest", "reset", "cup", "--yes")
    fake.asked.clear()

    table = lines(run("season", "list", "cup").out)
    pages = len(fake.asked)
    records = [json.loads(line) for line in run("season", "list", "cup", "--json").out.splitlines()]

    assert table[0] == "Season Began Ended Users"
    assert table[2:] == [
        "4 2026-06-12T00:00:00Z current 0",
        "3 2026-06-12T00:00:00Z 7",
        "2 2026-06-12T00:00:00Z 12",
        "1 2026-06-12T00:00:00Z 3",
    ]
    assert pages == 2
    assert [record["number"] for record in records] == [4, 3, 2, 1]
    assert records[1]["ended_at"] == "2026-06-12T00:00:00Z"
    assert "ended_at" not in records[0]
    nothing = run("season", "list", "cap")
    assert nothing == (ExitCode.NOT_FOUND, "", "error: there is no contest cap\n")


ROW = pb.RankedUser(user_id="ada", score=5, rank=1, place=1)
READS = {
    "top": (["top", "cup"], "ranks 1 to 1 of 7"),
    "rank": (["rank", "cup", "ada"], "ada is number 1 of 7, ahead of 100 % of the others"),
    "friends": (["friends", "cup", "ada"], "1 of 7 users"),
    "whatif": (["whatif", "cup", "5"], "score 5 would have rank 1, beside 7 users"),
}
"""The commands that read a board, and what they say of it."""


@pytest.fixture(name="board")
def _board(fake: FakeService) -> FakeService:
    """Let the service have a row on every board."""
    fake.top = pb.GetTopUsersResponse(users=[ROW], total_users=7)
    fake.rank = pb.GetUserRankResponse(user=ROW, total_users=7, percentile=100)
    fake.ranks = pb.BatchGetUserRanksResponse(users=[ROW], total_users=7)
    fake.score_rank = pb.GetScoreRankResponse(rank=1, place=1, total_users=7)
    return fake


@pytest.mark.parametrize("command", READS)
@pytest.mark.parametrize(
    ("options", "season", "name"),
    [
        ([], 0, "cup"),
        (["--season", "1234"], 1_234, "cup, season 1,234"),
        (["--season", "-1"], -1, "cup, the season before"),
        (["--season=-1"], -1, "cup, the season before"),
    ],
    ids=["none", "a number", "the one before", "with ="],
)
def test_reads_name_a_season(
    board: FakeService, run: Run, command: str, options: list[str], season: int, name: str
) -> None:
    """Each command that reads a board takes a season, sends it and names it."""
    arguments, says = READS[command]
    outcome = run(*arguments, *options)

    sent: Any = board.asked[0]
    assert (len(board.asked), sent.season) == (1, season)
    assert lines(outcome.out)[0] == f"{name}: {says}"


def test_an_empty_season(fake: FakeService, run: Run) -> None:
    """A season that is over without users does not say that they may come."""
    assert run("top", "cup").out == "cup has no users yet\n"
    assert run("top", "cup", "--season", "2").out == "cup, season 2 has no users\n"
    assert len(fake.asked) == 2


def test_a_season_that_is_not_kept(fake: FakeService, run: Run) -> None:
    """A read of a season that is gone is an error of one line, with its reason for scripts."""
    reason = "ERROR_REASON_SEASON_NOT_FOUND"
    gone = refusal(code_pb2.NOT_FOUND, "there is no season 2", reason, season="2")
    fake.refusals.extend([gone, gone])

    people = run("top", "cup", "--season", "2")
    error = json.loads(run("top", "cup", "--season", "2", "--json").err)["error"]

    assert people == (ExitCode.NOT_FOUND, "", "error: there is no season 2\n")
    assert (error["reason"], error["metadata"]) == (reason, {"season": "2"})
    assert not error["retryable"]


def test_an_update_names_a_season(fake: FakeService, run: Run) -> None:
    """`update` sends its season, and one that is over is a conflict that did not count."""
    reason = "ERROR_REASON_SEASON_NOT_CURRENT"
    over = refusal(code_pb2.FAILED_PRECONDITION, "season 3 is over", reason, season="4")

    accepted = run("update", "cup", "ada", "1", "--season", "3")
    fake.refusals.append(over)
    refused = run("update", "cup", "ada", "-1", "--season", "3")

    assert accepted.code == ExitCode.OK
    assert [update.season for update in fake.received] == [3, 3]
    assert refused == (ExitCode.REJECTED, "", "error: season 3 is over\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("update", "cup", "ada", "1", "--season", "0"),
        ("update", "cup", "ada", "1", "--season", "-1"),
        ("contest", "reset", "cup", "--season", "0", "--yes"),
        ("top", "cup", "--season", "-2"),
        ("top", "cup", "--season", str(2**31)),
        ("rank", "cup", "ada", "--season", "last"),
    ],
    ids=" ".join,
)
def test_what_is_no_season(fake: FakeService, run: Run, arguments: tuple[str, ...]) -> None:
    """A season that can't be is wrong usage, and nothing is sent."""
    outcome = run(*arguments)

    assert (outcome.code, outcome.out) == (ExitCode.INVALID, "")
    assert not fake.asked
    assert not fake.received


def test_delete_names_the_seasons_that_are_lost(fake: FakeService, run: Run) -> None:
    """A confirmation of `delete` says that earlier seasons go too."""
    run("contest", "create", "cup")
    run("contest", "reset", "cup", "--yes")

    refused = run_in_pipe("contest", "delete", "cup", LEADERBOARD_SERVER=fake.address)

    loss = "cup is deleted for good, with the scores of 0 users and all earlier seasons"
    assert refused.err == f"error: {loss}; confirm it with --yes\n"


def test_a_season_that_begins_during_the_question(fake: FakeService, run: Run) -> None:
    """A contest whose season ended before its deletion stays, which is no success."""
    run("contest", "create", "cup")

    with OnTerminal("contest", "delete", "cup", "--server", fake.address) as terminal:
        terminal.read_until(lambda shown: "Go on? [y/N]" in shown)
        run("contest", "reset", "cup", "--yes")
        terminal.press("y\n")
        ended, shown = terminal.read_to_end()

    assert ended == ExitCode.REJECTED
    assert "cup is not deleted: season 2 has begun meanwhile" in shown
    assert "cup" in fake.contests.contests
