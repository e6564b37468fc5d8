"""Every client that is built here passes the scenario; together they lose no write."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from clients.driver import Driver
from clients.languages import LANGUAGES, PRESENT, Language, wanting
from clients.scenario import STEPS, TIMEOUT_S, Scenario
from harness.calls import scores
from harness.service import ServiceProcess
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually

UPDATES = 600
"""The number of updates of each client in the common storm."""
_LIMITS = ("--max-calls", "24", "--max-calls-per-connection", "24", "--max-watchers", "3")
"""Limits that the scenario exceeds: with 32 calls at once, and a fourth watch."""


@pytest.fixture(name="languages")
def _languages() -> tuple[Language, ...]:
    """Give the languages whose drivers are built; with `CI` set, all that can be built must be."""
    left_out = wanting(LANGUAGES)
    if left_out and os.environ.get("CI"):
        pytest.fail("; ".join(left_out))
    return PRESENT


@pytest.mark.timeout(300)
async def test_the_scenario(languages: tuple[Language, ...], tmp_path: Path) -> None:
    """Answers, errors, retries and watches are the same in every language."""
    # At the same time, each with a store and a server of its own, since they mostly wait.
    async with asyncio.TaskGroup() as group:
        for language in languages:
            group.create_task(_run(language, tmp_path / language.name))


async def _run(language: Language, folder: Path) -> None:
    store = StoreProcess(Flavour.VALKEY, folder / "store")
    await store.start()
    try:
        async with (
            ServiceProcess(folder / "service", *_LIMITS, redis_url=store.url) as service,
            Driver(language, service.address) as driver,
        ):
            scenario = Scenario(driver, service, store, folder / "another")
            for step in STEPS:
                await scenario.run(step)
    except Exception as error:
        error.add_note(f"in {language.name}")
        raise
    finally:
        store.end()


async def test_a_storm_of_all_clients_counts_exactly(
    languages: tuple[Language, ...], own_store: StoreProcess, tmp_path: Path
) -> None:
    """While the server is killed and drained, each update of each client counts once."""
    async with (
        ServiceProcess(tmp_path / "service", redis_url=own_store.url) as service,
        AsyncExitStack() as stack,
    ):
        drivers = [
            await stack.enter_async_context(Driver(language, service.address))
            for language in languages
        ]
        storms = [
            driver.start(
                "storm",
                {
                    "contest_id": "storm",
                    "users": [language.name, "shared"],
                    "count": UPDATES,
                    "concurrency": 16,
                    "points": 1,
                },
            ).answer
            for language, driver in zip(languages, drivers, strict=True)
        ]
        for share in (0.2, 0.5):
            await _until(service, share * UPDATES * len(languages))
            await service.kill()
            await service.start()
        await _until(service, 0.7 * UPDATES * len(languages))
        await service.restart()
        async with asyncio.timeout(TIMEOUT_S):
            answers = await asyncio.gather(*storms)

        assert [answer["ok"]["acknowledged"] for answer in answers] == [UPDATES] * len(languages)
        each = {language.name: UPDATES // 2 for language in languages}
        shared = {"shared": UPDATES // 2 * len(languages)}
        assert await scores(service.stub, "storm") == each | shared


async def _until(service: ServiceProcess, total: float) -> None:
    async def is_written() -> bool:
        return sum((await scores(service.stub, "storm")).values()) >= total

    await eventually(is_written, f"{total:.0f} updates", within=TIMEOUT_S)
