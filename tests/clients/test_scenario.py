"""Every client that is built here passes the scenario; together they lose no write."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from clients.driver import Driver
from clients.languages import LANGUAGES, PRESENT, Language, wanting
from clients.scenario import STEPS, STEPS_OF_CONTESTS, TIMEOUT_S, Scenario
from harness.calls import scores
from harness.cluster_store import ClusterStore, Store
from harness.service import ServiceProcess
from harness.store_kinds import on_a_cluster_too
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
    await _run_together(StoreProcess, Flavour.VALKEY, languages, tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("on_each_listener")
@pytest.mark.parametrize("flavour", Flavour)
async def test_the_scenario_on_a_cluster(
    languages: tuple[Language, ...], tmp_path: Path, flavour: Flavour
) -> None:
    """They are the same there."""
    await _run_together(ClusterStore, flavour, languages, tmp_path)


@pytest.mark.usefixtures("on_each_listener")
@on_a_cluster_too("own_store")
async def test_the_steps_of_contests_on_a_cluster(own_store: Store, tmp_path: Path) -> None:
    """The client in Python has the same answers and watches there."""
    async with (
        ServiceProcess(tmp_path / "service", *_LIMITS, redis_url=own_store.url) as service,
        Driver(LANGUAGES[0], service.address) as driver,
    ):
        scenario = Scenario(driver, service, own_store, tmp_path / "another")
        for step in STEPS_OF_CONTESTS:
            await scenario.run(step)


async def _run_together(
    kind: type[Store], flavour: Flavour, languages: tuple[Language, ...], folder: Path
) -> None:
    """Run the scenario in all languages, each with a store and a server, as they mostly wait."""
    async with asyncio.TaskGroup() as group:
        for language in languages:
            own = folder / language.name
            group.create_task(_run(language, kind(flavour, own / "store"), own))


async def _run(language: Language, store: Store, folder: Path) -> None:
    try:
        await store.start()
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
