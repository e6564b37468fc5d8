"""The process of a gateway: its metrics, health and access log, and how it stops."""

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from harness.gateway import GatewayProcess, gateway
from harness.http import get
from harness.ports import free_port
from harness.waiting import eventually
from leaderboard_server.metrics.catalogue import METRICS as SERVER_METRICS
from leaderboard_web.edge.catalogue import METRICS
from web.attackers import Attacker
from web.boards import CUP, Web
from web.edges import request

TOP = f"/v1/contests/{CUP}/top"
WATCH = f"/v1/contests/{CUP}/watch"
ROUTE = "/v1/contests/{contest}/top"
TOKEN = "correct-horse"


class Observed:
    """A gateway with metrics."""

    def __init__(self, process: GatewayProcess, metrics: str) -> None:
        self.process = process
        self._metrics = metrics

    async def value(self, name: str, **labels: str) -> float:
        """Return the value of a series; 0 for one that is not there."""
        text = (await get(self._metrics, "/metrics")).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return float(sample.value)
        return 0.0

    async def names(self) -> set[str]:
        """Return the names of all metrics, a counter with its suffix."""
        families = text_string_to_metric_families((await get(self._metrics, "/metrics")).text)
        return {
            f"{family.name}_total" if family.type == "counter" else family.name
            for family in families
        }

    async def probe(self, path: str) -> tuple[int, str]:
        """Return the status of a probe, and what it says."""
        response = await get(self._metrics, path)
        return response.status, response.text.strip()

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the entries of an event in the log."""
        entries = map(json.loads, self.process.log.splitlines())
        return [entry for entry in entries if entry["event"] == event]


@pytest.fixture(name="observed")
def _observed(web: Web) -> Iterator[Observed]:
    """Yield a gateway with metrics, a token and an access log."""
    metrics = f"127.0.0.1:{free_port()}"
    with gateway(
        web.service.address,
        *("--metrics-address", metrics, "--access-log", "all", "--max-watches-per-address", "1"),
        environment={"LEADERBOARD_WEB_VIEWER_TOKEN": TOKEN},
    ) as process:
        yield Observed(process, metrics)


async def _get(observed: Observed, target: str = TOP, token: str = TOKEN) -> int:
    address = observed.process.address
    bearer = f"Bearer {token}"
    return (await get(address, target, Connection="close", Authorization=bearer)).status


def _watching(process: GatewayProcess) -> connect:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return connect(f"ws://{process.address}{WATCH}", additional_headers=headers, proxy=None)


async def test_series_move(observed: Observed) -> None:
    """Requests, refusals, watches and connections are counted, by bounded labels."""
    assert await _get(observed) == 200
    assert await _get(observed, token="wrong") == 401
    assert await _get(observed, "/nowhere") == 404
    async with _watching(observed.process) as socket:
        await socket.recv()
        assert await observed.value("leaderboard_web_watches_open") == 1
        assert await observed.value("leaderboard_web_watch_groups") == 1
        assert await observed.value("leaderboard_web_connections_open") == 1
    await eventually(
        lambda: len(observed.logged("request")) == 4, "a line for each request and the WebSocket"
    )
    for name, labels, expected in [
        ("requests_total", {"route": ROUTE, "status": "200"}, 1),
        ("requests_total", {"route": "none", "status": "401"}, 1),
        ("requests_total", {"route": "none", "status": "404"}, 1),
        ("requests_total", {"route": "/v1/contests/{contest}/watch", "status": "101"}, 1),
        ("request_seconds_count", {"route": ROUTE}, 1),
        ("refusals_total", {"check": "token"}, 1),
        ("service_available", {}, 1),
    ]:
        assert await observed.value(f"leaderboard_web_{name}", **labels) == expected, name
    known = {metric.name for metric in (*METRICS, *SERVER_METRICS)} | {"python_info"}
    assert await observed.names() <= known


async def test_the_access_log_shows_no_secret(observed: Observed) -> None:
    """A line has route, status, contest and peer, and neither queries nor tokens."""
    assert await _get(observed, f"/v1/contests/{CUP}/rank?user_id=user-5") == 200
    assert await _get(observed, f"/v1/contests/{CUP}/rank?user_id=user-5", token="guess") == 401
    async with _watching(observed.process) as socket:
        await socket.recv()
    await eventually(lambda: len(observed.logged("request")) == 3, "a line for each")
    read, refused, watched = observed.logged("request")
    assert (read["method"], read["status"], read["contest_id"]) == ("GET", 200, CUP)
    assert read["route"] == "/v1/contests/{contest}/rank"
    assert read["peer"].startswith("127.0.0.1:")
    assert read["ms"] > 0
    assert read["response_bytes"] > 0
    assert (refused["status"], refused["route"]) == (401, "none")
    assert (watched["method"], watched["status"], watched["close_code"]) == ("WEBSOCKET", 101, 1000)
    for secret in (TOKEN, "guess", "user-5"):
        assert secret not in observed.process.log


async def test_health_follows_the_service(observed: Observed) -> None:
    """A gateway is alive, and ready while a server serves; without one it says what is missing."""
    assert await observed.probe("/livez") == (200, "ok")

    async def ready() -> bool:
        return await observed.probe("/readyz") == (200, "ok")

    await eventually(ready, "readiness")
    metrics = f"127.0.0.1:{free_port()}"
    with gateway("127.0.0.1:9", "--metrics-address", metrics) as alone:
        lonely = Observed(alone, metrics)
        assert await lonely.probe("/readyz") == (503, "no server of the service serves")
        assert await lonely.probe("/livez") == (200, "ok")
        await eventually(lambda: len(lonely.logged("service_unavailable")) == 1, "a warning")


async def test_it_stops_in_order(observed: Observed) -> None:
    """At SIGTERM watchers get their end and 1001, kept connections end, and it exits with 0."""
    _, kept = await asyncio.open_connection("127.0.0.1", observed.process.port)
    kept.write(request(TOP, Connection="keep-alive", Authorization=f"Bearer {TOKEN}"))
    async with _watching(observed.process) as socket:
        await socket.recv()
        began = time.monotonic()
        stopping = asyncio.create_task(asyncio.to_thread(observed.process.terminate))
        messages = [json.loads(message) async for message in socket]
        assert messages[-1]["end"] == {"reason": "END_REASON_DRAINING"}
        assert socket.close_code == 1001
        assert await stopping == 0
        assert time.monotonic() - began < 8
    kept.close()
    assert [entry["event"] for entry in observed.logged("stopping") + observed.logged("stopped")]


async def test_a_second_signal_ends_it_at_once(observed: Observed) -> None:
    """A caller that reads nothing delays the stop for some seconds; a second SIGTERM does not."""
    process = observed.process
    stuck = Attacker(process.port, "127.0.0.1", until=0.0)
    large = request(f"{TOP}?limit=1000", Connection="keep-alive", Authorization=f"Bearer {TOKEN}")
    async with stuck.connected(large * 30, small=True):
        await eventually(lambda: len(observed.logged("request")) > 2, "some responses")
        process.signal(signal.SIGTERM)
        await eventually(lambda: bool(observed.logged("stopping")), "the stop")
        began = time.monotonic()
        process.signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.exited) == -signal.SIGTERM
        assert time.monotonic() - began < 3
