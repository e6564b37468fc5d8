"""The example programs, run as a reader runs them."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from cli.fake_service import FakeService

EXAMPLES = Path(__file__).parents[3] / "clients" / "python" / "examples"


def _example(name: str, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "command",
    [
        "update.py",
        "update.py 127.0.0.1:1 chess ada many",
        f"update.py 127.0.0.1:1 chess ada {2**63}",
        "update.py nowhere chess ada 1",
        "top.py",
        "top.py nowhere chess",
        "watch.py 127.0.0.1:1",
        "watch.py nowhere chess",
    ],
)
async def test_wrong_arguments_print_the_usage(command: str) -> None:
    """An example with wrong arguments prints its usage on one line."""
    name, *args = command.split()
    done = await asyncio.to_thread(_example, name, *args)

    [line] = done.stderr.splitlines()
    assert line.startswith(f"usage: {name} HOST:PORT CONTEST")
    assert (done.returncode, done.stdout) == (1, "")


async def test_an_update_is_shown(fake: FakeService) -> None:
    """An example with right arguments does what it says."""
    done = await asyncio.to_thread(_example, "update.py", fake.address, "chess", "ada", "5")

    assert done.stdout == "ada has 5 points, rank 1\n"
