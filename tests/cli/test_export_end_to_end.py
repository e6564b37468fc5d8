"""`export` of a real contest that goes on meanwhile, and of its seasons."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.conftest import Run
from harness.replayed_board import ReplayedBoard
from harness.service import ServiceProcess
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.connection import Connection
from leaderboard_cli.failures import ExitCode
from leaderboard_client import LeaderboardClient, ScoreUpdate, UpdateMode, WatchScope

CONTEST = "cup"
USERS = [f"u{number}" for number in range(400)]


@pytest.fixture(name="client")
def _client(
    service: ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LeaderboardClient]:
    """Return a client of a service, which the command calls too."""
    monkeypatch.setenv("LEADERBOARD_SERVER", service.address)
    with LeaderboardClient(service.address) as client:
        yield client


@contextmanager
def in_thread(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Do some work beside the block, until it is to end."""
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(30)


class Log:
    """All changes of the contest, from its first one on."""

    def __init__(self, client: LeaderboardClient) -> None:
        self.messages: list[pb.WatchContestResponse] = []
        self._watch = client.watch(CONTEST, limit=1, scope=WatchScope.ALL)
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        assert self._begun.wait(30)

    def _read(self) -> None:
        for update in self._watch:
            if update.message:
                self.messages.append(update.message)
                self._begun.set()

    def end(self) -> None:
        """End the watch; what was exported before has been sent to it by then, or soon after."""
        self._watch.close()
        self._thread.join(30)

    def wait_for(self, revision: int) -> None:
        """Wait until the watch has a revision."""
        pause = threading.Event()
        while self.messages[-1].position.revision < revision:
            pause.wait(0.01)


def write(client: LeaderboardClient, ended: threading.Event) -> None:
    """Change scores and names, and remove, hide and return users, all over the board."""
    chance = random.Random(7)
    while not ended.wait(0.002):
        user = chance.choice(USERS)
        match chance.randrange(12):
            case 0:
                client.remove_users(CONTEST, [user])
            case 1:
                client.hide_users(CONTEST, [user])
                client.unhide_users(CONTEST, [user])
            case 2:
                client.update_score(CONTEST, f"new{chance.random()}", chance.randrange(1, 900))
            case _:
                score = chance.randrange(1, 900)
                client.update_score(
                    CONTEST, user, score, mode=UpdateMode.SET, display_name=f"Name {score % 3}"
                )


def test_a_board_that_changes(
    client: LeaderboardClient, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each export is the board of its position, which all changes up to there lead to."""
    monkeypatch.setattr("leaderboard_cli.export.live.PAGE", 20)
    monkeypatch.setattr("leaderboard_cli.export.live.OVERLAP", 2)
    log = Log(client)
    client.batch_update_scores(
        ScoreUpdate(CONTEST, user, 1 + number % 50) for number, user in enumerate(USERS)
    )
    files = [tmp_path / f"{number}.jsonl" for number in range(3)]
    with in_thread(lambda ended: write(client, ended)):
        for file in files:
            assert run("export", CONTEST, "--output", str(file)).code == ExitCode.OK

    revisions = []
    for file in files:
        described, *rows = map(json.loads, file.read_text().splitlines())
        revisions.append(described["position"]["revision"])
        log.wait_for(revisions[-1])
        board = ReplayedBoard()
        board.replay(list(log.messages), revisions[-1])
        assert [
            (row["user_id"], row["score"], row["display_name"]) for row in rows
        ] == board.ranked()
        assert [row["place"] for row in rows] == list(range(1, described["total_users"] + 1))
    log.end()
    assert len(USERS) < revisions[0] < revisions[1] < revisions[2]


def test_seasons(client: LeaderboardClient, run: Run) -> None:
    """A season that is over is exported as it ended, by its number and as the one before."""
    client.update_score(CONTEST, "ada", 5)
    client.update_score(CONTEST, "bob", 7)
    live = run("export", CONTEST, "--format", "csv")
    assert run("contest", "reset", CONTEST, "--yes").code == ExitCode.OK
    client.update_score(CONTEST, "ada", 1)

    kept = [run("export", CONTEST, "--season", each, "--format", "csv") for each in ("1", "-1")]
    now = [run("export", CONTEST, *each, "--format", "csv") for each in ((), ("--season", "2"))]

    assert [each.out for each in kept] == [live.out] * 2
    assert [each.out.splitlines()[1:] for each in now] == [["1,1,ada,1,,"]] * 2
    assert all("2 rows of cup, season 1, as of" in each.err for each in (live, *kept))
    assert all("1 row of cup, season 2, as of" in each.err for each in now)
    later = run("export", CONTEST, "--season", "3", "--format", "csv")
    assert later.code == ExitCode.NOT_FOUND


def test_a_season_that_ends_meanwhile(
    client: LeaderboardClient, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A season that ends between two pages is exported as it ended."""
    monkeypatch.setattr("leaderboard_cli.export.live.PAGE", 2)
    monkeypatch.setattr("leaderboard_cli.export.live.OVERLAP", 0)
    client.batch_update_scores(
        ScoreUpdate(CONTEST, user, number) for number, user in enumerate(USERS[:9])
    )
    before = run("export", CONTEST, "--format", "csv").out
    read, pages = Connection.get_top_users, []

    def read_and_end(
        connection: Connection, request: pb.GetTopUsersRequest
    ) -> pb.GetTopUsersResponse:
        pages.append(request)
        if len(pages) == 3:
            client.reset_contest(CONTEST, 1)
            client.update_score(CONTEST, "late", 5)
        return read(connection, request)

    monkeypatch.setattr(Connection, "get_top_users", read_and_end)
    outcome = run("export", CONTEST, "--format", "csv")

    assert outcome.out == before
    assert outcome.err.startswith("season 1 ended meanwhile\nexported 9 rows of cup, season 1, as")
