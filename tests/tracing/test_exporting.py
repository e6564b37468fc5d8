"""Spans on their way to a collector, which may be away, or silent, or come back."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from harness.ports import free_port
from harness.service import ServiceProcess
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_client import AsyncLeaderboardClient
from leaderboard_server.app import running
from leaderboard_server.config import Config
from leaderboard_server.tracing import exporting
from leaderboard_server.tracing.otel import OtelTracer
from leaderboard_server.tracing.start import start_tracing
from tracing.collector import running_collector
from tracing.traced_server import SERVICE

UPDATE = f"{SERVICE}/UpdateScore"


def _config(store: StoreProcess) -> Config:
    return Config(address="127.0.0.1:0", listener="grpcio", redis_url=SecretStr(store.url))


@pytest.fixture(name="port")
def _port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the port of a collector that is not started, to which spans go at once."""
    port = free_port()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    return port


@pytest.fixture(name="logs")
def _logs() -> Iterator[structlog.testing.LogCapture]:
    """Return the log of this process, of all its threads."""
    capture = structlog.testing.LogCapture()
    structlog.configure(processors=[capture])
    yield capture
    structlog.reset_defaults()


async def test_a_collector_that_is_away(
    own_store: StoreProcess, port: int, logs: structlog.testing.LogCapture
) -> None:
    """No call fails, it is logged once, and spans arrive once the collector is there."""
    config = _config(own_store)

    def events(name: str) -> int:
        return sum(entry["event"] == name for entry in logs.entries)

    async with (
        running(config, start_tracing(os.environ)) as server,
        AsyncLeaderboardClient(server.address) as client,
    ):
        for _ in range(5):
            await client.update_score("cup", "ada", 1)
            await asyncio.sleep(0.05)  # another batch of spans
        await eventually(lambda: events("tracing_failed") == 1, "the log entry")
        async with running_collector(port) as collector:

            async def received() -> bool:
                await client.update_score("cup", "ada", 1)
                return UPDATE in collector.names

            await eventually(received, "spans at the collector")
            await eventually(lambda: events("tracing_recovered") == 1, "the end of the problem")
            assert events("tracing_failed") == 1


async def test_a_collector_that_is_silent(
    own_store: StoreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server stops in time, though an export in flight waits for an answer."""
    monkeypatch.setattr(exporting, "CLOSE_TIMEOUT_S", 0.2)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    config = _config(own_store)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        async with asyncio.timeout(8):  # an export may take 10 s
            async with (
                running(config, start_tracing(os.environ)) as server,
                AsyncLeaderboardClient(server.address) as client,
            ):
                await client.update_score("cup", "ada", 1)
                connection, _ = await asyncio.to_thread(silent.accept)
        connection.close()


async def test_the_last_spans_are_exported(
    own_store: StoreProcess, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that stops exports what it has; the resource names it, unless variables do."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=a,deployment.environment=x")
    async with running_collector(port) as collector:
        async with ServiceProcess(tmp_path / "service", redis_url=own_store.url) as service:
            async with AsyncLeaderboardClient(service.address) as client:
                await client.update_score("cup", "ada", 1)
            assert await service.terminate() == 0
        assert {UPDATE, "commit", "EVALSHA commit"} <= set(collector.names)
        assert collector.resource_values("service.name") == {"leaderboard"}
        assert collector.resource_values("service.instance.id") == {"a"}
        assert collector.resource_values("deployment.environment") == {"x"}


@pytest.mark.slow
async def test_each_worker_exports(
    own_store: StoreProcess, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spans of workers are distinguished by their `service.instance.id`."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5")
    async with (
        running_collector(port) as collector,
        ServiceProcess(tmp_path / "service", "--workers", "2", redis_url=own_store.url) as service,
    ):

        async def both() -> bool:
            async with AsyncLeaderboardClient(service.address) as client:
                await client.update_score("cup", "ada", 1)
            return len(collector.resource_values("service.instance.id")) == 2

        await eventually(both, "spans of both workers", within=30.0)


async def test_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    """Spans are printed on standard error: the supervisor reads the other output of a worker."""
    exporting_to_console = exporting.Exporting("console")
    span = OtelTracer(exporting_to_console.processor).start_call("a call", None, {})
    assert span
    span.end()
    await exporting_to_console.close()

    printed = capsys.readouterr()
    assert '"name": "a call"' in printed.err
    assert not printed.out


async def test_headers_are_not_logged(
    monkeypatch: pytest.MonkeyPatch, port: int, logs: structlog.testing.LogCapture
) -> None:
    """A malformed list of headers is logged without them, since they may be secrets."""
    assert port
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Bearer s3cret")

    await start_tracing(os.environ).close()

    (problem,) = [entry for entry in logs.entries if entry["event"] == "tracing_failed"]
    assert "header" in problem["reason"].lower()
    assert "s3cret" not in str(logs.entries)
