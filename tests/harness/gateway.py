"""Runs the web gateway as its users do: the installed `leaderboard web`, in its own process."""

import contextlib
import os
import signal
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from harness.ports import free_port
from harness.processes import ChildProcess

_PAUSE_S = 0.02


class GatewayProcess:
    """
    A gateway in its own process, on the same loopback port across restarts.

    Its calls block: none of them waits for the event loop of a test.
    """

    def __init__(
        self, folder: Path, server: str, *options: str, environment: Mapping[str, str]
    ) -> None:
        """
        Make a gateway.

        Args:
            folder: The folder of its log.
            server: The addresses of the servers, as `--server` takes them.
            options: Further options of `leaderboard web`.
            environment: Variables beside those of this process, which lose their `LEADERBOARD_…`.
        """
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"
        plain = {name: value for name, value in os.environ.items() if "LEADERBOARD" not in name}
        self._environment = plain | dict(environment)
        self._log = folder / "gateway.log"
        command = str(Path(sysconfig.get_path("scripts")) / "leaderboard")
        own = ("--address", self.address, "--server", server)
        self._command = [command, "web", *own, *options]
        self._started: list[ChildProcess] = []

    @property
    def pid(self) -> int:
        """The process id of the gateway that runs, or ran last."""
        return self._process.pid

    @property
    def log(self) -> str:
        """All that the gateway logged, over all its starts."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for the signal that ended it, None while it runs."""
        return self._process.exit_code

    def start(self) -> None:
        """
        Start the gateway and wait until it serves.

        Raises:
            AssertionError: It exited, or does not serve; the text has its log.
        """
        logged = len(self.log)
        self._started.append(ChildProcess(self._command, self._log, self._environment))
        self.wait(lambda: "serving" in self.log[logged:] or self.exit_code is not None)
        assert self.exit_code is None, f"the gateway exited with {self.exit_code}:\n{self.log}"

    def kill(self) -> None:
        """End the gateway with SIGKILL, as a crash would."""
        self._process.signal(signal.SIGKILL)
        self.wait(lambda: self.exit_code is not None)

    def terminate(self) -> int:
        """End the gateway with SIGTERM, and return its exit code."""
        self.signal(signal.SIGTERM)
        return self.exited()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.signal(number)

    def exited(self) -> int:
        """Wait until the gateway has exited, and return its exit code."""
        self.wait(lambda: self.exit_code is not None)
        assert self.exit_code is not None
        return self.exit_code

    def restart(self) -> None:
        """Start the gateway on the same port, after its end with SIGTERM if it still runs."""
        if self.exit_code is None:
            self.terminate()
        self.start()

    def end(self) -> None:
        """End the gateway in any state."""
        for process in self._started:
            process.end()

    @property
    def _process(self) -> ChildProcess:
        assert self._started, "the gateway was never started"
        return self._started[-1]

    def wait(self, holds: Callable[[], bool], within: float = 20.0) -> None:
        """
        Wait until a condition of the gateway holds.

        Raises:
            AssertionError: It did not, within so many seconds.
        """
        end = time.monotonic() + within
        while not holds():
            assert time.monotonic() < end, f"the gateway did not do it in {within} s:\n{self.log}"
            time.sleep(_PAUSE_S)


@contextlib.contextmanager
def gateway(
    server: str, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[GatewayProcess]:
    """
    Run a gateway within the block; at the end its log is printed, which pytest shows on failure.

    Args:
        server: The addresses of the servers, as `--server` takes them.
        options: Further options of `leaderboard web`.
        environment: Variables, such as `LEADERBOARD_TOKEN`.
    """
    with tempfile.TemporaryDirectory() as folder:
        process = GatewayProcess(Path(folder), server, *options, environment=environment or {})
        try:
            process.start()
            yield process
        finally:
            process.end()
            print(f"--- log of the gateway at {process.address}\n{process.log[-20_000:]}")  # noqa: T201
