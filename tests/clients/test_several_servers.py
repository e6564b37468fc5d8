"""Clients of several servers spread their calls, and lose none while the servers are restarted."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from clients.driver import Driver
from clients.languages import PRESENT
from harness.calls import scores
from harness.counting_proxy import CountingProxy
from harness.service import ServiceProcess, all_serving
from harness.stores import StoreProcess
from harness.waiting import eventually

DEADLINE_S = 5.0
"""The deadline of each call. An outage is far shorter on a machine that has nothing else to do."""
_INTERVAL_S = 0.02


class Caller:
    """Goes on calling through a driver, and knows how the calls ended."""

    def __init__(self, name: str, driver: Driver) -> None:
        self.name = name
        self.failures: list[object] = []
        self.successes = 0
        self.longest_s = 0.0
        """The longest time between two calls that succeeded."""
        self._driver = driver
        self._last = 0.0
        self._calls: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Call during a block; at its end all calls have ended."""
        await self._call()
        self._last = time.monotonic()
        task = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.gather(*self._calls)

    async def _go_on(self) -> None:
        while True:
            call = asyncio.create_task(self._call())
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
            await asyncio.sleep(_INTERVAL_S)

    async def _call(self) -> None:
        update = {"contest_id": "race", "user_id": self.name, "points": 1}
        answer = await self._driver.start("update", update, DEADLINE_S).answer
        if "ok" not in answer:
            self.failures.append(answer["error"])
            return
        now = time.monotonic()
        self.successes += 1
        self.longest_s = max(self.longest_s, now - self._last) if self._last else 0.0
        self._last = now


@pytest.mark.usefixtures("on_each_listener")
@pytest.mark.timeout(120)
async def test_servers_are_restarted_in_turn(own_store: StoreProcess, tmp_path: Path) -> None:
    """Every call succeeds within its deadline and counts once; both servers get calls while up."""
    async with contextlib.AsyncExitStack() as stack:
        proxies = [await stack.enter_async_context(CountingProxy(own_store.port)) for _ in range(2)]
        services = [
            ServiceProcess(tmp_path / f"service-{number}", redis_url=proxy.url)
            for number, proxy in enumerate(proxies)
        ]
        await stack.enter_async_context(all_serving(*services))
        address = ",".join(service.address for service in services)
        callers = [
            Caller(language.name, await stack.enter_async_context(Driver(language, address)))
            for language in PRESENT
        ]
        async with contextlib.AsyncExitStack() as calling:
            for caller in callers:
                await calling.enter_async_context(caller.calling())
            await _spread(proxies)
            for service in services:
                await service.restart()
                await _spread(proxies)

        for caller in callers:
            print(f"{caller.name}: {caller.successes} calls, {caller.longest_s:.2f} s at worst")  # noqa: T201
        assert {caller.name: caller.failures for caller in callers} == {
            caller.name: [] for caller in callers
        }
        assert await scores(services[0].stub, "race") == {
            caller.name: caller.successes for caller in callers
        }


async def _spread(proxies: list[CountingProxy]) -> None:
    """Wait until each server has committed a good share of the calls from now on."""
    before = [proxy.calls["commit"] for proxy in proxies]

    def is_spread() -> bool:
        counts = [
            proxy.calls["commit"] - count for proxy, count in zip(proxies, before, strict=True)
        ]
        return sum(counts) >= 50 and min(counts) >= sum(counts) / 4

    await eventually(is_spread, "calls on both servers")
