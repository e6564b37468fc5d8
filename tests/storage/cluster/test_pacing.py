"""Work that is due again and again leaves time to others."""

import asyncio
import time

from harness.waiting import eventually
from leaderboard_server.storage.cluster.pacing import PacedWork


async def test_work_that_takes_long_is_put_off() -> None:
    """What is due meanwhile is done by one run, later; what is due after a rest at once."""
    runs = list[float]()

    def work() -> None:
        time.sleep(0.02)
        runs.append(time.monotonic())

    paced = PacedWork(work)
    for _ in range(50):
        paced.run_soon()

    assert (len(runs), paced.waiting) == (1, True)
    await eventually(lambda: len(runs) == 2, "the second run")
    assert not paced.waiting
    await asyncio.sleep(0.5)
    paced.run_soon()
    assert len(runs) == 3


async def test_what_waits_is_run_or_cancelled() -> None:
    """A caller that needs the outcome does not wait for it; after the end nothing is run."""
    runs = list[None]()

    def work() -> None:
        time.sleep(0.02)
        runs.append(None)

    paced = PacedWork(work)
    paced.run_waiting()
    assert not runs
    for _ in range(2):
        paced.run_soon()
    paced.run_waiting()
    assert len(runs) == 2

    paced.run_soon()
    paced.cancel()
    await asyncio.sleep(0.5)
    assert len(runs) == 2
