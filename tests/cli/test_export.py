"""`export` writes the board of one position and says which; a file is complete or as it was."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.rpc import code_pb2

from cli.conftest import Run
from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import Contest
from leaderboard_cli.failures import ExitCode

UNREACHABLE = refusal(
    code_pb2.FAILED_PRECONDITION, "of another epoch", "ERROR_REASON_POSITION_UNREACHABLE"
)
HEADER = "place,rank,user_id,score,display_name,attributes"


def user(user_id: str, score: int, place: int, name: str = "", **attributes: str) -> pb.RankedUser:
    """Return a row whose rank is its place."""
    return pb.RankedUser(
        user_id=user_id,
        score=score,
        rank=place,
        place=place,
        display_name=name,
        attributes=attributes,
    )


ADA, BOB, EVE = user("ada", 9, 1, "=Ada", team="red"), user("bob", 7, 2), user("eve", 5, 3)
AS_CSV = [HEADER, '1,1,ada,9,\'=Ada,"{""team"":""red""}"', "2,2,bob,7,,", "3,3,eve,5,,"]


def at(revision: int, epoch: str = "e") -> pb.Position:
    """Return a position."""
    return pb.Position(epoch=epoch, revision=revision)


def snapshot(
    *users: pb.RankedUser,
    revision: int = 3,
    total: int = 3,
    reason: pb.SnapshotReason = pb.SNAPSHOT_REASON_INITIAL,
    season: int = 1,
) -> pb.WatchContestResponse:
    """Return a snapshot of a board, with its first rows."""
    event = pb.Snapshot(users=users, total_users=total, reason=reason, season=season)
    return pb.WatchContestResponse(position=at(revision), snapshot=event)


def page(*users: pb.RankedUser, revision: int = 3, total: int = 3) -> pb.GetTopUsersResponse:
    """Return a page."""
    return pb.GetTopUsersResponse(users=users, total_users=total, position=at(revision))


def ended(reason: pb.EndReason, revision: int = 3) -> pb.WatchContestResponse:
    """Return the last message of a stream."""
    return pb.WatchContestResponse(
        position=at(revision), previous_revision=3, end=pb.End(reason=reason)
    )


@pytest.fixture(name="board")
def _board(fake: FakeService) -> FakeService:
    """Return the service with a board of three users."""
    fake.stream = [snapshot(ADA)]
    fake.top = page(ADA, BOB, EVE)
    return fake


@pytest.mark.usefixtures("board")
class TestFiles:
    """Guarantees of the output."""

    def test_csv(self, run: Run) -> None:
        """CSV has a header and lines that end as RFC 4180 says; risky texts have an apostrophe."""
        outcome = run("export", "chess", "--format", "csv")

        assert outcome.code == ExitCode.OK
        assert outcome.out == "".join(f"{line}\r\n" for line in AS_CSV)
        assert outcome.err.startswith(
            "exported 3 rows of chess, season 1, as of revision 3 of epoch e, in "
        )

    def test_jsonl(self, run: Run, tmp_path: Path) -> None:
        """JSON lines begin with a description of the board; the suffix chooses the format."""
        file = tmp_path / "chess.jsonl"
        outcome = run("export", "chess", "--output", str(file), "--json")

        described, *rows = map(json.loads, file.read_text().splitlines())
        assert described.pop("exported_at").endswith("Z")
        assert described == {
            "format": "leaderboard.standings",
            "version": 1,
            "contest_id": "chess",
            "season": 1,
            "position": {"epoch": "e", "revision": 3},
            "rules": {},
            "total_users": 3,
        }
        assert rows[0] == {
            "place": 1,
            "rank": 1,
            "user_id": "ada",
            "score": 9,
            "display_name": "=Ada",
            "attributes": {"team": "red"},
        }
        assert [row["user_id"] for row in rows] == ["ada", "bob", "eve"]
        summary = json.loads(outcome.err)
        assert (outcome.out, summary["rows"], summary["season"]) == ("", 3, 1)
        assert summary["position"] == {"epoch": "e", "revision": 3}

    def test_the_format_has_to_be_known(self, run: Run, tmp_path: Path) -> None:
        """Without a suffix and without --format nothing is read."""
        assert run("export", "chess").code == ExitCode.INVALID
        assert run("export", "chess", "--output", str(tmp_path / "a.txt")).code == ExitCode.INVALID

    def test_a_failed_export_leaves_the_file(
        self, board: FakeService, run: Run, tmp_path: Path
    ) -> None:
        """A file of before stays as it was when the export fails, and no other file is left."""
        file = tmp_path / "chess.csv"
        file.write_text("before")
        board.stream = [snapshot(ADA), ended(pb.END_REASON_CONTEST_DELETED)]
        board.top = page(ADA, BOB, EVE, revision=4)

        outcome = run("export", "chess", "--output", str(file))

        assert (outcome.code, outcome.out) == (ExitCode.NOT_FOUND, "")
        assert outcome.err == "error: chess was deleted, or has expired\n"
        assert [(each, each.read_text()) for each in tmp_path.iterdir()] == [(file, "before")]

    def test_a_file_is_replaced_where_a_link_leads(self, run: Run, tmp_path: Path) -> None:
        """A link stays one, and the file that it leads to is replaced, with usual permissions."""
        file, link = tmp_path / "chess.csv", tmp_path / "latest.csv"
        link.symlink_to(file)

        assert run("export", "chess", "--output", str(link)).code == ExitCode.OK

        assert link.is_symlink()
        assert file.read_bytes().decode().split("\r\n") == [*AS_CSV, ""]
        plain = tmp_path / "plain"
        plain.touch()
        assert file.stat().st_mode == plain.stat().st_mode

    def test_a_pipe_is_written_to(self, run: Run, tmp_path: Path) -> None:
        """A named pipe is not replaced by a file: its reader gets the rows."""
        pipe = tmp_path / "chess.csv"
        os.mkfifo(pipe)
        read: list[str] = []
        reader = threading.Thread(target=lambda: read.append(pipe.read_bytes().decode()))
        reader.start()

        assert run("export", "chess", "--output", str(pipe)).code == ExitCode.OK

        reader.join(10)
        assert read[0].split("\r\n") == [*AS_CSV, ""]
        assert pipe.is_fifo()

    def test_a_folder_that_is_not_there(self, run: Run, tmp_path: Path) -> None:
        """A file that can't be written ends the export with a line."""
        outcome = run("export", "chess", "--output", str(tmp_path / "none" / "chess.csv"))

        assert outcome.code == ExitCode.INVALID
        assert "chess.csv can't be written: No such file or directory" in outcome.err

    def test_a_folder_that_is_not_there_is_found_first(
        self, fake: FakeService, run: Run, tmp_path: Path
    ) -> None:
        """The board is not read before, which may take a minute."""
        run("export", "chess", "--output", str(tmp_path / "none" / "chess.csv"))

        assert fake.asked == []

    def test_a_file_keeps_its_permissions(self, run: Run, tmp_path: Path) -> None:
        """A file that only its owner may read is not open to others after an export."""
        file = tmp_path / "chess.csv"
        file.touch(0o600)

        assert run("export", "chess", "--output", str(file)).code == ExitCode.OK

        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_text().startswith(HEADER)

    @pytest.mark.parametrize("name", ["-", "/dev/stdout"])
    def test_names_of_stdout(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        """They name the stream: a file that it leads to is not replaced, nor is one made."""
        monkeypatch.chdir(tmp_path)
        outcome = run("export", "chess", "--output", name, "--format", "csv")

        assert outcome.out.split("\r\n") == [*AS_CSV, ""]
        assert list(tmp_path.iterdir()) == []


class TestLiveBoards:
    """What may happen to a contest while it is read."""

    def test_an_absent_contest(self, fake: FakeService, run: Run) -> None:
        """A contest that does not exist is an error, not an empty file."""
        fake.stream = [pb.WatchContestResponse(position=at(0, ""), snapshot=pb.Snapshot())]

        outcome = run("export", "chess", "--format", "csv")

        assert (outcome.code, outcome.out) == (ExitCode.NOT_FOUND, "")
        assert outcome.err == "error: there is no contest chess\n"

    def test_a_contest_without_users(self, fake: FakeService, run: Run) -> None:
        """An empty board is a header alone."""
        fake.stream = [snapshot(total=0)]

        assert run("export", "chess", "--format", "csv").out == f"{HEADER}\r\n"

    def test_a_server_that_is_stopped(self, board: FakeService, run: Run) -> None:
        """The watch goes on at the position it had, on another stream, and the rows are kept."""
        board.streams.append([snapshot(ADA), ended(pb.END_REASON_DRAINING)])
        change = pb.ScoreChange(user=user("eve", 8, 2), previous_place=3, previous_rank=3)
        board.stream = [
            pb.WatchContestResponse(
                position=at(4),
                previous_revision=3,
                changes=pb.Changes(changes=[change], total_users=3),
            )
        ]
        board.top = page(ADA, user("eve", 8, 2), user("bob", 7, 3), revision=4)

        outcome = run("export", "chess", "--format", "csv")

        assert outcome.out.splitlines()[2:] == ["2,2,eve,8,,", "3,3,bob,7,,"]
        assert "as of revision 4" in outcome.err
        watches = [each for each in board.asked if isinstance(each, pb.WatchContestRequest)]
        assert [each.resume_after.revision for each in watches] == [0, 3]

    def test_writes_that_nobody_sees(
        self, board: FakeService, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A page of a later position without a change is explained by a stream that resumes."""
        monkeypatch.setattr("leaderboard_cli.export.source.IDLE_TIMEOUT", 0.1)
        board.held.clear()
        board.top = page(ADA, BOB, EVE, revision=5)
        progress = pb.WatchContestResponse(
            position=at(6), previous_revision=3, progress=pb.Progress()
        )
        board.streams.append(_held(board, snapshot(ADA)))
        board.stream = [progress]

        outcome = run("export", "chess", "--format", "csv")

        assert outcome.code == ExitCode.OK
        assert "as of revision 5" in outcome.err

    def test_the_end_of_the_contest(self, board: FakeService, run: Run) -> None:
        """A contest that is over has its final board, and the reading goes on."""
        board.stream = [snapshot(ADA), ended(pb.END_REASON_CONTEST_OVER)]

        assert run("export", "chess", "--format", "csv").out.splitlines() == AS_CSV

    def test_a_board_that_begins_again(self, board: FakeService, run: Run) -> None:
        """A snapshot in the middle is a new beginning, whatever its reason."""
        lagged = snapshot(ADA, revision=9, reason=pb.SNAPSHOT_REASON_LAGGED)
        board.stream = [snapshot(BOB, total=7), lagged]
        board.tops.append(page(BOB, revision=4, total=7))
        board.top = page(ADA, BOB, EVE, revision=9)

        outcome = run("export", "chess", "--format", "csv")

        assert outcome.out.splitlines() == AS_CSV
        assert "as of revision 9" in outcome.err

    def test_a_board_that_begins_again_and_again(self, fake: FakeService, run: Run) -> None:
        """After some beginnings the export fails, and says so."""
        fake.stream = [snapshot(ADA, revision=revision, total=2) for revision in range(3, 30)]
        fake.tops.extend(page(ADA, BOB, revision=90, total=2) for _ in range(30))

        outcome = run("export", "chess", "--format", "csv")

        assert (outcome.code, outcome.out) == (ExitCode.UNAVAILABLE, "")
        assert "chess began again 5 times while it was read" in outcome.err

    def test_a_history_that_is_lost(self, board: FakeService, run: Run) -> None:
        """A position that can't be reached any more is one of before a new beginning."""
        board.held.clear()
        renewed = snapshot(ADA, revision=9, reason=pb.SNAPSHOT_REASON_NEW_EPOCH)
        board.stream = [snapshot(BOB, total=7), renewed]
        board.refusals.append(UNREACHABLE)
        board.top = page(ADA, BOB, EVE, revision=9)

        outcome = run("export", "chess", "--format", "csv")

        assert outcome.out.splitlines() == AS_CSV
        assert "as of revision 9" in outcome.err

    @pytest.mark.usefixtures("two_attempts")
    def test_a_service_that_fails(self, board: FakeService, run: Run) -> None:
        """A page that can't be read ends the export with its error."""
        board.refusals.extend([STORE_AWAY] * 9)

        assert run("export", "chess", "--format", "csv").code == ExitCode.UNAVAILABLE


def _held(fake: FakeService, message: pb.WatchContestResponse) -> Iterator[pb.WatchContestResponse]:
    """Yield the messages of a stream that stays open until the test ends."""
    yield message
    fake.held.wait()


class TestSeasons:
    """The season that is exported."""

    @pytest.fixture(autouse=True)
    def _seasons(self, board: FakeService) -> None:
        """Have the third season of the contest."""
        board.contests.contests["chess"] = Contest(contest_id="chess", season=3)
        board.stream = [snapshot(ADA, season=3)]

    @pytest.mark.parametrize(("given", "read"), [("1", 1), ("-1", 2)])
    def test_a_kept_season(self, board: FakeService, run: Run, given: str, read: int) -> None:
        """A season that is over is read by its number, without a watch."""
        outcome = run("export", "chess", "--season", given, "--format", "csv")

        assert outcome.out.splitlines() == AS_CSV
        assert f"3 rows of chess, season {read}, as of revision 3" in outcome.err
        assert [each.season for each in board.asked if isinstance(each, pb.GetTopUsersRequest)] == [
            read
        ]
        assert not [each for each in board.asked if isinstance(each, pb.WatchContestRequest)]

    def test_the_current_season_by_its_number(self, board: FakeService, run: Run) -> None:
        """The number of the current season is the live board."""
        outcome = run("export", "chess", "--season", "3", "--format", "csv")

        assert "3 rows of chess, season 3, as of" in outcome.err
        assert [each for each in board.asked if isinstance(each, pb.WatchContestRequest)]

    def test_no_season_before(self, board: FakeService, run: Run) -> None:
        """In the first season there is none before."""
        board.contests.contests["chess"].season = 1

        outcome = run("export", "chess", "--season", "-1", "--format", "csv")

        assert outcome.code == ExitCode.NOT_FOUND
        assert outcome.err == "error: chess has no season before the current one\n"

    def test_a_season_that_ends_meanwhile(self, board: FakeService, run: Run) -> None:
        """The season whose export began is exported as it ended."""
        turned = snapshot(total=0, revision=5, reason=pb.SNAPSHOT_REASON_NEW_SEASON, season=4)
        board.stream = [snapshot(BOB, total=7, season=3), turned]
        board.tops.append(page(BOB, revision=4, total=7))

        outcome = run("export", "chess", "--format", "csv")

        assert outcome.out.splitlines() == AS_CSV
        assert "season 3 ended meanwhile" in outcome.err
        assert "3 rows of chess, season 3, as of" in outcome.err

    def test_a_user_that_is_erased_meanwhile(self, board: FakeService, run: Run) -> None:
        """Pages of two positions are not mixed: the season is read again, at the later one."""
        board.tops.extend([page(ADA, total=4), page(BOB, EVE, revision=4, total=3)])
        board.top = page(ADA, BOB, EVE, revision=4)

        outcome = run("export", "chess", "--season", "-1", "--format", "csv")

        assert outcome.out.splitlines() == AS_CSV
        assert "as of revision 4" in outcome.err

    def test_rules_that_were_others(self, board: FakeService, run: Run) -> None:
        """Order and rank style are those that the rows of the season show."""
        shared = [user("ada", 5, 1), user("bob", 5, 2), user("eve", 9, 3)]
        shared[1].rank, shared[2].rank = 1, 2
        board.top = page(*shared)

        outcome = run("export", "chess", "--season", "-1", "--format", "jsonl")

        described, *rows = map(json.loads, outcome.out.splitlines())
        assert described["rules"] == {
            "order": "ORDER_LOWEST_FIRST",
            "rank_style": "RANK_STYLE_DENSE",
        }
        assert [row["rank"] for row in rows] == [1, 1, 2]
