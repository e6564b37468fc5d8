"""`make run-web`: a service, a gateway and boards that move, without what make builds before."""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from harness.built_page import require_page
from harness.http import get
from harness.ports import free_port
from harness.processes import ChildProcess, is_running
from harness.waiting import eventually

PROJECT = Path(__file__).parents[2]


class SampleRun:
    """A run of the sample in a folder for temporary files of its own."""

    def __init__(self, folder: Path) -> None:
        self.service, self.gateway = (f"127.0.0.1:{free_port()}" for _ in range(2))
        # The path of a unix socket in it must be short.
        self._temporary = TemporaryDirectory()
        self.temporary = Path(self._temporary.name)
        search_path = [str(PROJECT / "server" / "web"), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {
            "LEADERBOARD_ADDRESS": self.service,
            "LEADERBOARD_WEB_ADDRESS": self.gateway,
            "LEADERBOARD_DATA_DIR": str(folder / "own"),
            "PYTHONPATH": os.pathsep.join(filter(None, search_path)),
            "TMPDIR": str(self.temporary),
        }
        command = [sys.executable, "-m", "sample"]
        self.main = ChildProcess(command, folder / "sample.log", environment)
        self.parts: list[psutil.Process] = []

    async def running(self) -> None:
        """Wait until the run has printed where its boards are."""
        await eventually(
            lambda: "/boards" in self.printed() or self.main.exit_code is not None,
            "the line with the address",
            within=60,
        )
        assert f"http://{self.gateway}/boards" in self.printed(), self.printed()
        self.parts = psutil.Process(self.main.pid).children(recursive=True)

    def printed(self) -> str:
        """Return what it has printed so far."""
        return self.main.log.read_text()

    async def board(self, contest: str) -> dict[str, Any]:
        """Read a board over HTTP."""
        response = await get(self.gateway, f"/v1/contests/{contest}/top", Connection="close")
        assert response.status == 200, response.text
        body: dict[str, Any] = json.loads(response.body)
        return body

    def part(self, argument: str) -> psutil.Process:
        """Return the process of a `leaderboard` command."""
        (found,) = (each for each in self.parts if argument in each.cmdline())
        return found

    def assert_nothing_is_left(self) -> None:
        """Check that no process runs, no address is in use, and no file was left."""
        assert self.parts
        assert not [part for part in self.parts if is_running(part.pid)]
        assert not list(self.temporary.iterdir())
        for address in (self.service, self.gateway):
            with socket.socket() as probe:
                host, _, port = address.rpartition(":")
                assert probe.connect_ex((host, int(port))) != 0

    def end(self) -> None:
        """End all processes, in any state."""
        for part in self.parts:
            if is_running(part.pid):
                part.kill()
        self.main.end()
        self._temporary.cleanup()
        print(self.printed())  # noqa: T201 - pytest shows it


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Iterator[SampleRun]:
    run = SampleRun(tmp_path)
    yield run
    run.end()


async def test_boards_move_until_ctrl_c(run: SampleRun) -> None:
    """Contests of each state are listed and move; Ctrl-C ends all processes and leaves no file."""
    require_page()
    await run.running()

    page = await get(run.gateway, "/boards", Connection="close")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    listed = await get(run.gateway, "/v1/contests", Connection="close")
    contests = {each["contestId"]: each for each in json.loads(listed.body)["contests"]}
    states = {each["state"].removeprefix("CONTEST_STATE_") for each in contests.values()}
    assert states == {"OPEN", "SCHEDULED", "CLOSED"}
    assert contests["weekly-cup"]["season"] == 4
    first = await run.board("quiz-night")
    assert len(first["users"]) == 10

    async def has_moved() -> bool:
        return bool((await run.board("quiz-night"))["position"] != first["position"])

    await eventually(has_moved, "a board that moves")
    run.main.signal(signal.SIGINT)
    run.main.signal(signal.SIGINT)
    assert await run.main.exited(within=20) == 0
    run.assert_nothing_is_left()


@pytest.mark.parametrize("argument", ["serve", "web"])
async def test_a_part_that_ends_ends_all(run: SampleRun, argument: str) -> None:
    """A part that is killed is named, and all others are ended."""
    await run.running()

    run.part(argument).kill()

    assert await run.main.exited(within=20) == 1
    assert f"`leaderboard {argument}` ended with exit code -9" in run.printed()
    run.assert_nothing_is_left()


@pytest.mark.parametrize(
    ("address", "variable"),
    [("service", "LEADERBOARD_ADDRESS"), ("gateway", "LEADERBOARD_WEB_ADDRESS")],
)
async def test_an_address_in_use(tmp_path: Path, address: str, variable: str) -> None:
    """The address is named with the variable that sets another one, and nothing is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        name = "{}:{}".format(*taken.getsockname())
        environment = os.environ | {
            "LEADERBOARD_ADDRESS": f"127.0.0.1:{free_port()}",
            "LEADERBOARD_WEB_ADDRESS": f"127.0.0.1:{free_port()}",
            variable: name,
            "PYTHONPATH": f"{PROJECT / 'server' / 'web'}:{os.environ.get('PYTHONPATH', '')}",
        }
        main = ChildProcess([sys.executable, "-m", "sample"], tmp_path / "log", environment)

        assert await main.exited(within=20) == 1

    printed = main.log.read_text()
    assert printed == (
        f"can't listen on {name}: Address already in use. Set {variable} to another address.\n"
    )
