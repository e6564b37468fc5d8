"""The health service (`grpc.health.v1`): whether calls can be served."""

import asyncio

from grpc_health.v1 import health_pb2

from leaderboard_server.domain.errors import ServerDraining
from leaderboard_server.transport.listener import Stream
from leaderboard_server.transport.parsing import parse
from leaderboard_server.transport.slots import Slots
from leaderboard_server.transport.statuses import UnknownService

MAX_WATCHES = 1_000
"""Open watches: a load balancer has one for each of its connections."""
LIVENESS = "leaderboard.liveness"
"""The name under which a server is SERVING as long as its event loop runs, also while the store is
away and while the server drains."""
HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
_Response = health_pb2.HealthCheckResponse


class Health:
    """One health for the server and all its services, at first NOT_SERVING; and its liveness."""

    def __init__(self, *service_names: str) -> None:
        self._names = ("", *service_names, LIVENESS)
        self._status: int = _Response.NOT_SERVING
        self._draining = False
        self._ended = False
        self._changed = asyncio.Event()
        self._slots = Slots("health", MAX_WATCHES)
        self.unary = {f"/{HEALTH}/Check": self._check, f"/{HEALTH}/List": self._list}
        self.stream = {f"/{HEALTH}/Watch": self._watch}

    @property
    def problem(self) -> str:
        """Why calls can't be served at present; empty if they can."""
        if self._status == _Response.SERVING:
            return ""
        if self._draining:
            return "the server is stopping"
        return "the store does not reply, or did not pass its checks"

    async def set_serving(self, *, serving: bool) -> None:
        """Set whether calls can be served; ignored while the server drains."""
        if not self._draining:
            self._status = _Response.SERVING if serving else _Response.NOT_SERVING
            self._notify()

    def drain(self) -> None:
        """Be NOT_SERVING from now on."""
        self._draining = True
        self._status = _Response.NOT_SERVING
        self._notify()

    def end_watches(self) -> None:
        """End all watches: load balancers keep them open, and a stop would wait for them."""
        self._ended = True
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _check(self, data: bytes) -> bytes:
        service = parse(health_pb2.HealthCheckRequest, data).service
        if service not in self._names:
            raise UnknownService
        encoded: bytes = _Response(status=self._status_of(service)).SerializeToString()
        return encoded

    async def _list(self, data: bytes) -> bytes:
        parse(health_pb2.HealthListRequest, data)
        statuses = {name: _Response(status=self._status_of(name)) for name in self._names}
        encoded: bytes = health_pb2.HealthListResponse(statuses=statuses).SerializeToString()
        return encoded

    async def _watch(self, data: bytes, stream: Stream) -> None:
        with self._slots:
            await self._follow(stream, parse(health_pb2.HealthCheckRequest, data).service)

    async def _follow(self, stream: Stream, service: str) -> None:
        last_sent = None
        while True:
            changed = self._changed
            status = self._status_of(service)
            if status != last_sent:
                await stream.send(_Response(status=status).SerializeToString())
                last_sent = status
            if self._ended:
                raise ServerDraining
            await changed.wait()

    def _status_of(self, service: str) -> int:
        if service == LIVENESS:
            return int(_Response.SERVING)
        return self._status if service in self._names else int(_Response.SERVICE_UNKNOWN)
