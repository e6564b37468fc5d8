"""`watch` on a terminal uses the whole screen and its keys, and restores both."""

import re
import signal

import pytest

from cli.command import OnTerminal, plain_lines
from cli.fake_service import FakeService
from cli.watch_messages import BOB_WINS, FIRST, OVER
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode
from leaderboard_cli.watch.live_screen import ContestPrompt
from leaderboard_cli.watch.terminal import parse_keys

ENTERED, RESTORED = "\x1b[?1049h", "\x1b[?1049l"
CURSOR_BACK = "\x1b[?25h"


def is_restored(shown: str) -> bool:
    """Return whether the screen and the cursor were restored last."""
    return shown.rfind(ENTERED) < shown.rfind(RESTORED) and CURSOR_BACK in shown


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
def test_the_terminal_is_restored(fake: FakeService, ended: signal.Signals, exit_code: int) -> None:
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

    assert ENTERED in taken
    assert RESTORED not in taken
    assert during != before == after
    assert is_restored(shown)
    assert (code, "Traceback" in shown, "error" in shown) == (exit_code, False, False)


def test_an_error_is_printed_on_the_restored_screen(fake: FakeService) -> None:
    """The line that says why a watch ended comes after the screen was restored."""
    with OnTerminal("watch", "ch ess", "--server", "127.0.0.1:1", "--timeout", "0.5") as terminal:
        code, shown = terminal.read_to_end()

    assert code == ExitCode.UNAVAILABLE
    assert "can't reach" in shown[shown.rindex(RESTORED) :]


def test_a_stopped_watch_restores_the_terminal(fake: FakeService) -> None:
    """Ctrl-Z restores the terminal for the shell; SIGCONT enters the screen again."""
    fake.stream = [FIRST]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        before = terminal.settings()
        terminal.read_until(lambda shown: "2 users" in shown)
        terminal.send(signal.SIGTSTP)
        terminal.wait_until_stopped()
        stopped = terminal.settings()
        terminal.read_until(is_restored)
        terminal.send(signal.SIGCONT)
        terminal.read_until(lambda shown: not is_restored(shown))
        terminal.press("q")
        code, shown = terminal.read_to_end()
        after = terminal.settings()

    assert stopped == before == after
    assert is_restored(shown)
    assert code == ExitCode.OK


def test_the_last_board_stays(fake: FakeService) -> None:
    """When the contest is over its board is left on the screen that was before."""
    fake.stream = [FIRST, BOB_WINS, OVER]

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        code, shown = terminal.read_to_end()

    left = plain_lines(shown[shown.rindex(RESTORED) :])
    assert code == ExitCode.OK
    assert "1 bob 6 bob" in left
    assert left[-1] == "chess is over"


def test_another_contest_is_watched(fake: FakeService) -> None:
    """`c` prompts for a contest, reports an invalid id, and watches the contest; Esc stays."""
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
    """The arrows, j, k and the page keys scroll the rows, and not beyond the end."""
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
    """An empty board says so, with the keys in the last line."""
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
    """After the first board another contest waits for the server without a limit."""
    with FakeService() as fake:
        fake.stream = [FIRST]
        fake.held.clear()
        watching = ("watch", "chess", "--server", fake.address, "--timeout", "2")
        terminal = OnTerminal(*watching)
        terminal.read_until(lambda shown: "chess, revision 7" in shown)
    with terminal:
        terminal.read_until(lambda shown: "reconnecting for" in shown)
        terminal.press("cgo\r")
        # The first watch would have ended after --timeout. A second may pass between two pictures.
        terminal.read_until(
            lambda shown: any(
                re.match(r"connecting for ([3-9]|\d\d) s", line) for line in plain_lines(shown)
            )
        )
        terminal.press("q")
        code, shown = terminal.read_to_end()

    assert "error" not in shown
    assert code == ExitCode.OK


def test_without_a_keyboard_no_keys_are_offered(fake: FakeService) -> None:
    """If stdin is not a terminal, the screen offers Ctrl-C."""
    fake.stream = [FIRST]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address, has_keys=False) as terminal:
        terminal.read_until(lambda shown: "Ctrl-C quit" in shown)
        terminal.press_ctrl_c()
        code, shown = terminal.read_to_end()

    assert code == ExitCode.INTERRUPTED
    assert "q quit" not in shown


def test_a_long_name_does_not_hide_the_hint() -> None:
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


def test_keys_are_parsed_from_bytes() -> None:
    """Each key is parsed from its bytes; other bytes of a terminal are ignored."""
    sent = b"q\x1b[A\x1bOB\x1b[5~\x1b[6~\r\x7f\x1b\x1b[1;5C\xff\x00\tj"

    pressed = list(parse_keys(sent))

    assert pressed == [
        *("q", "up", "down", "page up", "page down", "enter", "backspace", "escape", "j"),
    ]


def test_a_prompt_ignores_other_keys() -> None:
    """Arrows don't change the name, and backspace stops at its beginning."""
    prompt = ContestPrompt()
    for key in ("backspace", "up", "g", "page down", "o", "enter"):
        prompt.press(key)

    assert (prompt.chosen, prompt.is_open) == ("go", False)
