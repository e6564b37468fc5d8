"""`watch` on a terminal takes the whole screen, its keys, and gives both back."""

import signal

import pytest

from cli.command import OnTerminal, plain_lines
from cli.fake_service import FakeService
from cli.watch_messages import BOB_WINS, FIRST, OVER
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode
from leaderboard_cli.watch.live_screen import ContestPrompt
from leaderboard_cli.watch.terminal import parse_keys

TAKEN, GIVEN_BACK = "\x1b[?1049h", "\x1b[?1049l"
CURSOR_BACK = "\x1b[?25h"


def is_given_back(shown: str) -> bool:
    """Tell whether the screen and the cursor were given back last of all."""
    return shown.rfind(TAKEN) < shown.rfind(GIVEN_BACK) and CURSOR_BACK in shown


def many(count: int) -> pb.WatchContestResponse:
    """Return a board with more rows than a screen has."""
    users = [pb.RankedUser(user_id=f"u{rank}", score=-rank, rank=rank) for rank in range(1, count)]
    message = pb.WatchContestResponse()
    message.CopyFrom(FIRST)
    message.snapshot.ClearField("users")
    message.snapshot.users.extend(users)
    return message


@pytest.mark.parametrize(
    ("ended", "exit_code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, 143), (signal.SIGQUIT, 131)],
)
def test_the_terminal_is_given_back(
    fake: FakeService, ended: signal.Signals, exit_code: int
) -> None:
    """Whatever ends the watch, the screen, the cursor and the settings are as they were."""
    fake.stream = [FIRST, BOB_WINS]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        before = terminal.settings()
        taken = terminal.read_until(lambda shown: "+3 ▲1" in shown)
        during = terminal.settings()
        terminal.send(ended)
        code, shown = terminal.read_to_end()
        after = terminal.settings()

    assert TAKEN in taken
    assert GIVEN_BACK not in taken
    assert during != before == after
    assert is_given_back(shown)
    assert (code, "Traceback" in shown, "error" in shown) == (exit_code, False, False)


def test_a_refusal_is_told_on_the_screen_that_was_before(fake: FakeService) -> None:
    """The line that says why a watch ended comes after the screen was given back."""
    with OnTerminal("watch", "ch ess", "--server", "127.0.0.1:1", "--timeout", "0.5") as terminal:
        code, shown = terminal.read_to_end()

    assert code == ExitCode.UNAVAILABLE
    assert "can't reach" in shown[shown.rindex(GIVEN_BACK) :]


def test_a_stopped_watch_gives_the_terminal_back_meanwhile(fake: FakeService) -> None:
    """Ctrl-Z leaves the shell a terminal as it was; going on takes it again."""
    fake.stream = [FIRST]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        before = terminal.settings()
        terminal.read_until(lambda shown: "2 users" in shown)
        terminal.send(signal.SIGTSTP)
        terminal.wait_until_stopped()
        stopped = terminal.settings()
        terminal.read_until(is_given_back)
        terminal.send(signal.SIGCONT)
        terminal.read_until(lambda shown: not is_given_back(shown))
        terminal.press("q")
        code, shown = terminal.read_to_end()
        after = terminal.settings()

    assert stopped == before == after
    assert is_given_back(shown)
    assert code == ExitCode.OK


def test_the_last_board_stays(fake: FakeService) -> None:
    """When the contest is over its board is left on the screen that was before."""
    fake.stream = [FIRST, BOB_WINS, OVER]

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        code, shown = terminal.read_to_end()

    left = plain_lines(shown[shown.rindex(GIVEN_BACK) :])
    assert code == ExitCode.OK
    assert "1 bob 6 bob" in left
    assert left[-1] == "chess is over"


def test_another_contest_is_watched(fake: FakeService) -> None:
    """`c` asks for a contest, says what is wrong with it, and watches it; Esc stays."""
    fake.stream = [FIRST]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        terminal.read_until(lambda shown: "chess, revision 7" in shown)
        terminal.press("cq\x1b")
        terminal.read_until(lambda shown: shown.count("q quit") > 1)
        terminal.press("c")
        terminal.read_until(lambda shown: "Enter to watch it" in shown)
        terminal.press("g!\r")
        terminal.read_until(lambda shown: "not an id" in shown)
        terminal.press("\x7fo\r")
        terminal.read_until(lambda shown: "go, revision 7" in shown)
        terminal.press("q")
        code, _ = terminal.read_to_end()

    contests = [
        asked.contest_id for asked in fake.asked if isinstance(asked, pb.WatchContestRequest)
    ]
    assert contests == ["chess", "go"]
    assert code == ExitCode.OK


def test_a_long_board_is_scrolled(fake: FakeService) -> None:
    """Rows that have no room come with j, arrows and the page keys, and not beyond the end."""
    fake.stream = [many(100)]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--limit", "100", "--server", fake.address) as terminal:
        first = terminal.read_until(lambda shown: "q quit" in shown and " u1 " in shown)
        assert " u40 " not in first
        terminal.press("\x1b[6~")
        terminal.read_until(lambda shown: " u40 " in shown)
        terminal.press("\x1b[6~" * 9)
        terminal.read_until(lambda shown: " u99 " in shown)
        terminal.press("k")
        last = terminal.read_until(lambda shown: shown.count(" u98 ") > shown.count(" u99 "))
        terminal.press("q")
        terminal.read_to_end()

    assert " u100 " not in last


def test_a_contest_without_users_says_so(fake: FakeService) -> None:
    """A board that is empty is told as such, and with the keys in their place."""
    empty = pb.WatchContestResponse(
        position=pb.Position(epoch="e"),
        snapshot=pb.Snapshot(reason=pb.SNAPSHOT_REASON_INITIAL),
    )
    fake.stream = [empty]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        shown = terminal.read_until(lambda shown: "no scores yet" in shown and "q quit" in shown)
        terminal.press("q")
        code, _ = terminal.read_to_end()

    assert code == ExitCode.OK
    assert "Layout" not in shown


def test_another_contest_waits_for_the_server() -> None:
    """Once a contest was seen, another one is waited for however long the server is away."""
    with FakeService() as fake:
        fake.stream = [FIRST]
        fake.held.clear()
        watching = ("watch", "chess", "--server", fake.address, "--timeout", "3")
        terminal = OnTerminal(*watching)
        terminal.read_until(lambda shown: "chess, revision 7" in shown)
    with terminal:
        terminal.read_until(lambda shown: "reconnecting for" in shown)
        terminal.press("cgo\r")
        # With the patience of a beginning it would have ended by then.
        terminal.read_until(
            lambda shown: any(line.startswith("connecting for 4 s") for line in plain_lines(shown))
        )
        terminal.press("q")
        code, shown = terminal.read_to_end()

    assert "error" not in shown
    assert code == ExitCode.OK


def test_without_keys_none_are_offered(fake: FakeService) -> None:
    """Where stdin is no terminal the screen says how to end the watch otherwise."""
    fake.stream = [FIRST]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address, has_keys=False) as terminal:
        terminal.read_until(lambda shown: "Ctrl-C quit" in shown)
        terminal.press_ctrl_c()
        code, shown = terminal.read_to_end()

    assert code == ExitCode.INTERRUPTED
    assert "q quit" not in shown


def test_a_long_name_does_not_hide_what_is_wrong_with_it() -> None:
    """The prompt has the end of a name that is too long for the screen, and always its hint."""
    prompt = ContestPrompt()
    for key in "x/" * 40:
        prompt.press(key)
    asked = prompt.render(80).plain
    prompt.press("enter")
    wrong = prompt.render(80).plain

    assert len(asked) == len(wrong) == 80
    assert "x/x/█" in asked
    assert asked.endswith("Enter to watch it, Esc to stay")
    assert "not an id" in wrong


def test_keys_are_told_from_bytes() -> None:
    """Bytes of keys are told apart, whatever else a terminal sends."""
    sent = b"q\x1b[A\x1bOB\x1b[5~\x1b[6~\r\x7f\x1b\x1b[1;5C\xff\x00\tj"

    pressed = list(parse_keys(sent))

    assert pressed == [
        *("q", "up", "down", "page up", "page down", "enter", "backspace", "escape", "j"),
    ]


def test_a_prompt_takes_no_key_for_a_letter() -> None:
    """Arrows don't write into the name, and backspace ends at its beginning."""
    prompt = ContestPrompt()
    for key in ("backspace", "up", "g", "page down", "o", "enter"):
        prompt.press(key)

    assert (prompt.chosen, prompt.is_open) == ("go", False)
