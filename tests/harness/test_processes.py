"""Processes of tests: all end with the test run, and a store keeps acknowledged writes."""

import asyncio
import sys
from pathlib import Path

from harness.processes import is_running
from harness.stores import StoreProcess
from harness.waiting import eventually

_DIE_WITH_A_CHILD = """
import os, signal, sys
from pathlib import Path
from harness.processes import ChildProcess
child = ChildProcess(["/bin/sleep", "60"], Path(sys.argv[1]))
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_child_ends_with_a_killed_test_run(tmp_path: Path) -> None:
    """Children end even after SIGKILL, which leaves no time to clean up."""
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _DIE_WITH_A_CHILD, str(tmp_path / "log")),
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await run.communicate()

    await eventually(lambda: not is_running(int(printed)), "the end of the child")


async def test_killed_store_restarts_with_its_data(own_store: StoreProcess) -> None:
    """Writes before SIGKILL are there after the next start, at the same address."""
    async with own_store.client() as client:
        await client.set("kept", "yes")

    await own_store.kill()
    await own_store.start()

    async with own_store.client() as client:
        assert await client.get("kept") == "yes"
