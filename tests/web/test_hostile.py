"""Hostile callers get what they are due, and cost a good client and the gateway little."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psutil
import pytest
import pytest_asyncio

from harness.calls import top
from harness.gateway import GatewayProcess, gateway
from harness.http import get
from harness.service import ServiceProcess
from harness.waiting import eventually
from web.attackers import ATTACKS, TOP, Attacker
from web.boards import CUP, fill
from web.browser_watch import BrowserWatch
from web.contest_writer import Writer

QUICK_S = 1.5
SHORT_S = 5.0
LONG_S = 20.0
MAX_GROWN_MIB = 64
"""The memory of the gateway during any attack, over that before: 200 stuck readers have buffers of
16 KiB and one message each, and none has more."""
MAX_SECOND_MIB = 12
"""What a second equal attack may leave, over the first."""
DEFECTS = ('"internal_error"', '"unexpected_error"', '"metrics_failed"', "Traceback", "Exception")
"""What the log never has."""


@dataclass
class GoodClient:
    """A client that behaves: it watches a contest that moves, and reads its top again and again."""

    address: str
    slowest_s: float = 0.0
    statuses: list[int] = field(default_factory=list)

    async def run(self) -> None:
        """Read until it is cancelled."""
        while True:
            began = time.monotonic()
            async with asyncio.timeout(10):
                response = await get(self.address, TOP, Connection="close")
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.statuses.append(response.status)
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture(name="service")
async def _service(tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """Yield a service with boards of its own."""
    async with ServiceProcess(tmp_path, data_dir=tmp_path / "data") as service:
        await fill(service)
        yield service


@pytest.fixture(name="attacked")
def _attacked(service: ServiceProcess) -> Iterator[GatewayProcess]:
    """Yield a gateway with the limits that it has by default."""
    options = ("--max-watches-per-address", "150", "--access-log", "errors")
    with gateway(service.address, *options) as process:
        yield process
        assert not [defect for defect in DEFECTS if defect in process.log], process.log[-5_000:]
        entries = map(orjson.loads, process.log.splitlines())
        assert not [entry for entry in entries if entry.get("status", 0) >= 500]


@pytest_asyncio.fixture(name="good")
async def _good(service: ServiceProcess, attacked: GatewayProcess) -> AsyncIterator[GoodClient]:
    """Yield a good client, all of whose requests must succeed, and whose watch must be right."""
    client = GoodClient(attacked.address)
    watch = BrowserWatch(attacked.address, CUP)
    async with watch:
        async with Writer(service, CUP, 7):
            reading = asyncio.create_task(client.run())
            yield client
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
        assert set(client.statuses) == {200}
        board = await top(service.stub, CUP, limit=watch.limit)
        await watch.reach(board.position)
        watch.checker.assert_equals(board)
        assert not watch.closes


async def _attack(
    process: GatewayProcess, names: Sequence[str], seconds: float
) -> tuple[float, float]:
    """Run attacks at the same time; return the most memory during them, and that after, in MiB."""
    measured = psutil.Process(process.pid)
    until = time.monotonic() + seconds
    attackers = {
        name: Attacker(process.port, f"127.0.1.{1 + number}", until, bool(ATTACKS[name][1]))
        for number, name in enumerate(names)
    }
    running = asyncio.gather(*(ATTACKS[name][0](attackers[name]) for name in names))
    peak = 0.0
    while not running.done():
        peak = max(peak, measured.memory_info().rss / 2**20)
        await asyncio.sleep(0.05)
    await running
    for name, attacker in attackers.items():
        answered = set(attacker.answers) - {0}
        assert answered <= ATTACKS[name][1], (name, attacker.answers)
        assert bool(answered) == bool(ATTACKS[name][1]), (name, attacker.answers)
    return peak, measured.memory_info().rss / 2**20


async def test_a_good_client_is_served_beside_all_attacks(
    attacked: GatewayProcess, good: GoodClient
) -> None:
    """During all attacks at once no request of a good client fails, and memory is bounded."""
    await eventually(lambda: len(good.statuses) > 3, "some requests before")
    before = psutil.Process(attacked.pid).memory_info().rss / 2**20
    peak, _ = await _attack(attacked, list(ATTACKS), QUICK_S)
    assert peak - before < MAX_GROWN_MIB


@pytest.mark.attack
@pytest.mark.parametrize("name", ATTACKS)
async def test_a_good_client_is_served_beside_a_short_attack(
    name: str, attacked: GatewayProcess, good: GoodClient
) -> None:
    """The same holds for each attack alone, for longer; and the good client waits little."""
    await eventually(lambda: len(good.statuses) > 3, "some requests before")
    before = psutil.Process(attacked.pid).memory_info().rss / 2**20
    peak, _ = await _attack(attacked, [name], SHORT_S)
    assert peak - before < MAX_GROWN_MIB
    assert good.slowest_s < 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
async def test_a_second_equal_attack_leaves_no_more_than_the_first(
    name: str, attacked: GatewayProcess, good: GoodClient
) -> None:
    """What an attack leaves in memory does not grow with the next one."""
    _, first = await _attack(attacked, [name], LONG_S)
    _, second = await _attack(attacked, [name], LONG_S)
    assert second - first < MAX_SECOND_MIB
