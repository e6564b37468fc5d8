"""Runs the commands of a page for operators on the stores and servers of a test."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from documents.session import Block, blocks
from harness.ports import free_port
from harness.processes import ChildProcess

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "operations.md"
_DEADLINE_S = 60.0


class Operator:
    """
    Runs blocks of the page in a home folder of its own, with other hosts and ports.

    Attributes:
        address: The address of servers whose block names none, and that commands call.
    """

    def __init__(self, home: Path, replaced: Mapping[str, str]) -> None:
        """Prepare an operator.

        Args:
            home: The home folder and working folder.

            replaced: Parts of the page, such as hosts, and what stands for them here.
        """
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.address = f"127.0.0.1:{free_port()}"
        self.port = self.address.rpartition(":")[2]
        self._replaced = {"0.0.0.0:50051": self.address, **replaced}
        self._servers: list[ChildProcess] = []
        scripts = sysconfig.get_path("scripts")
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LEADERBOARD_", "XDG_"))
        }
        self._environment = plain | {
            "HOME": str(home),
            "LEADERBOARD_ADDRESS": self.address,
            "LEADERBOARD_SERVER": self.address,
            "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)]),
        }

    def run(self, block: Block) -> str:
        """Run a block to its end, and return its output; it must succeed."""
        done = subprocess.run(
            ["/bin/bash", "-ec", self._command(block)],
            cwd=self.home,
            env=self._environment,
            capture_output=True,
            check=False,
            text=True,
            timeout=_DEADLINE_S,
        )
        assert done.returncode == 0, f"line {block.line}: {done.stdout}{done.stderr}"
        return done.stdout

    def serve(self, block: Block) -> ChildProcess:
        """Start the server of a block, and wait for nothing."""
        log = self.home / f"server-{len(self._servers)}.log"
        server = ChildProcess(
            ["/bin/bash", "-c", f"cd {self.home} && {self._command(block)}"],
            log,
            self._environment,
        )
        self._servers.append(server)
        return server

    def end(self) -> None:
        """End all servers, in any state, and print their logs."""
        for server in self._servers:
            server.end()
            print(f"--- log of a server\n{server.log_tail(100)}")  # noqa: T201 - pytest shows it

    def _command(self, block: Block) -> str:
        command = block.command
        for part, other in self._replaced.items():
            command = command.replace(part, other)
        return command


def block(start: str, page: Path = PAGE) -> Block:
    """Return the only shell block of a page whose command contains a text."""
    (found,) = [each for each in blocks(page) if start in each.command]
    return found


def lines(block: Block) -> list[Block]:
    """Return the commands of a block, one a line, without comments."""
    return [
        Block(block.line + number, line.partition("   #")[0], None)
        for number, line in enumerate(block.command.splitlines())
    ]


def require_redis_cli() -> None:
    """Skip a test if there is no `redis-cli`; fail it if `CI` is set."""
    if shutil.which("redis-cli") is None:
        reason = "no redis-cli in PATH: the commands of docs/operations.md are not run"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
