"""`watch` follows rows that leave the board, and ends with its contest."""

from cli.command import OnTerminal, plain_lines
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.watch_messages import ADA_LEAVES, BOB_WINS, DELETED, FIRST, OVER_WITHOUT_ADA
from leaderboard_cli.failures import ExitCode


def test_a_removed_row_is_a_line(fake: FakeService, run: Run) -> None:
    """In a pipe a row that leaves the board is a line with its rank before."""
    fake.stream = [FIRST, BOB_WINS, ADA_LEAVES, OVER_WITHOUT_ADA]

    outcome = run("watch", "chess")

    assert outcome.out.splitlines()[-1] == "ada  left the board  (rank 2 before)"
    assert (outcome.code, outcome.err) == (ExitCode.OK, "chess is over\n")


def test_a_removed_row_leaves_the_screen(fake: FakeService) -> None:
    """On a terminal the row is gone, the rows below move up, and there is one user less."""
    fake.stream = [FIRST, BOB_WINS, ADA_LEAVES]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        shown = terminal.read_until(lambda shown: "last: ada left" in " ".join(shown.split()))

    lines = plain_lines(shown)
    lines = lines[max(at for at, line in enumerate(lines) if line.startswith("chess, ")) :]
    assert lines[0] == "chess, revision 10, 2 users, live"
    assert any(line.startswith("2 eve 1") for line in lines)
    assert not any("Ada L." in line for line in lines)


def test_the_final_board_stays_on_the_terminal(fake: FakeService) -> None:
    """When the contest is over, its last board is printed below the command, which then ends."""
    fake.stream = [FIRST, BOB_WINS, ADA_LEAVES, OVER_WITHOUT_ADA]

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        code, shown = terminal.read_to_end()

    after = plain_lines(shown[shown.rindex("\x1b[?1049l") :])
    assert code == ExitCode.OK
    assert "1 bob 6" in after
    assert "2 eve 1" in after
    assert after[-1] == "chess is over"


def test_a_deleted_contest_ends_the_watch(fake: FakeService, run: Run) -> None:
    """The end of a deleted contest is final, and said on stderr and on a terminal."""
    fake.stream = [FIRST, BOB_WINS, DELETED]

    outcome = run("watch", "chess")
    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        code, shown = terminal.read_to_end()

    assert (outcome.code, outcome.err) == (ExitCode.OK, "chess was deleted\n")
    assert (code, plain_lines(shown)[-1]) == (ExitCode.OK, "chess was deleted")
    assert len(fake.asked) == 2
