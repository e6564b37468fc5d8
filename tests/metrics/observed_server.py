"""A server in the test's own process, its callers, and what its metrics say."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client.parser import text_string_to_metric_families

from harness.calls import DEADLINE_S
from harness.http import HttpResponse, get
from harness.ports import free_port
from harness.service import CHANNEL_OPTIONS
from harness.waiting import eventually
from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_server.app import running
from leaderboard_server.config import Config
from leaderboard_server.tracing.wiring import Untraced


@dataclass
class Scrape:
    """The metrics of one moment."""

    text: str
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = field(default_factory=dict)
    families: set[str] = field(default_factory=set)
    """The names of all metrics, as they are queried."""

    def __post_init__(self) -> None:
        for family in text_string_to_metric_families(self.text):
            self.families.add(family.name + ("_total" if family.type == "counter" else ""))
            for sample in family.samples:
                self.samples[sample.name, frozenset(sample.labels.items())] = sample.value

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of all series of a metric that have these labels.

        Raises:
            KeyError: There is none.
        """
        found = [
            value
            for (each, its_labels), value in self.samples.items()
            if each == name and labels.items() <= dict(its_labels).items()
        ]
        if not found:
            raise KeyError(name, labels)
        return sum(found)


class ObservedServer:
    """A server with metrics."""

    def __init__(self, address: str, metrics_address: str) -> None:
        self.metrics_address = metrics_address
        self.address = address
        self.channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        self.stub = LeaderboardServiceStub(self.channel)
        self.contests = ContestServiceStub(self.channel)

    async def scrape(self) -> Scrape:
        """Read all metrics."""
        response = await get(self.metrics_address, "/metrics")
        assert response.status == 200
        return Scrape(response.text)

    async def value(self, name: str, **labels: str) -> float:
        """Read the sum of all series of a metric that have these labels."""
        return (await self.scrape()).value(name, **labels)

    async def probe(self, path: str) -> HttpResponse:
        """Read a probe."""
        return await get(self.metrics_address, path)

    async def health(self, service: str) -> str:
        """Return the health of a service by gRPC."""
        request = health_pb2.HealthCheckRequest(service=service)
        answer = await health_pb2_grpc.HealthStub(self.channel).Check(request, timeout=5)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    async def call(self, path: str, request: bytes) -> None:
        """Call any method with any bytes."""
        call: Any = self.channel.unary_unary(path)
        await call(request, timeout=DEADLINE_S)

    async def ready(self) -> bool:
        """Return whether calls can be served."""
        return (await self.probe("/readyz")).status == 200


@contextlib.asynccontextmanager
async def observed(
    listener: str, *, redis_url: str | None = None, data_dir: Path | None = None, **limits: int
) -> AsyncIterator[ObservedServer]:
    """Run a server until the block ends, from when it is ready."""
    metrics_address = f"127.0.0.1:{free_port()}"
    settings = {
        "address": "127.0.0.1:0",
        "metrics_address": metrics_address,
        "listener": listener,
        "redis_url": redis_url,
        **({"data_dir": data_dir} if data_dir else {}),
        **limits,
    }
    async with running(Config.model_validate(settings), Untraced()) as server:
        observed_server = ObservedServer(server.address, metrics_address)
        async with observed_server.channel:
            await eventually(observed_server.ready, "a server that is ready")
            yield observed_server
