"""The metrics of one gateway: its instruments, and what a scrape reads from its parts."""

import platform
from collections.abc import Callable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.registry import Collector

from leaderboard_server.metrics.instruments import Instruments
from leaderboard_server.metrics.loop_delay import LoopDelay
from leaderboard_server.metrics.metric import Metric
from leaderboard_web.edge import catalogue
from leaderboard_web.edge.open_connections import EndCause, OpenConnections


class GatewayMetrics:
    """The registry of a gateway, and what its parts count with."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.instruments = Instruments(self.registry)
        self.loop_delay = LoopDelay(self.instruments.histogram(catalogue.LOOP_DELAY_SECONDS))
        ProcessCollector(registry=self.registry)
        self.instruments.set_gauge(
            catalogue.BUILD_INFO,
            lambda: 1,
            version=version("leaderboard-web"),
            python=platform.python_version(),
        )

    def count_request(self, route: str, status: int, seconds: float | None) -> None:
        """Count a request that ended; a WebSocket, which has no usual duration, without seconds."""
        self.instruments.counter(catalogue.REQUESTS, route=route, status=str(status)).add()
        if seconds is not None:
            self.instruments.histogram(catalogue.REQUEST_SECONDS, route=route).observe(seconds)

    def count_refusal(self, check: str) -> None:
        """Count a request that a check refused."""
        self.instruments.counter(catalogue.REFUSALS, check=check).add()

    def count_ended(self, cause: EndCause) -> None:
        """Count a connection that the gateway refused or ended."""
        self.instruments.counter(catalogue.CONNECTIONS_ENDED, cause=cause).add()

    def read_parts(self, connections: OpenConnections, *, available: Callable[[], bool]) -> None:
        """Read the sizes and states of the parts."""
        gauges: dict[Metric, Callable[[], float]] = {
            catalogue.CONNECTIONS_OPEN: lambda: connections.open,
            catalogue.CONNECTIONS_LIMIT: lambda: connections.limits.total,
            catalogue.SERVICE_AVAILABLE: available,
        }
        for metric, read in gauges.items():
            self.instruments.set_gauge(metric, read)

    async def collect(self) -> Collector:
        """Return the registry."""
        return self.registry
