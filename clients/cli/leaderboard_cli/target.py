"""The servers that a command calls: their addresses, and how the calls are made and fail."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import grpc
import grpc.aio
from google.protobuf.message import Message

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import CallError, CommandError, ExitCode, failure_text
from leaderboard_client.addresses import Rotation, Server, alternatives, parse_addresses
from leaderboard_client.async_watch import watch_contest
from leaderboard_client.channels import (
    Metadata,
    Tls,
    authorization,
    open_async_channel,
    open_channel,
)
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.retrying import DEFAULT_TIMEOUT
from leaderboard_client.rpc_status import error_from_call
from leaderboard_client.watch import Watch
from leaderboard_client.watch_update import WatchUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The servers of one service, and how they are called."""

    server: str
    """HOST:PORT, a list of them, or dns:///NAME:PORT."""

    timeout: float = DEFAULT_TIMEOUT
    """The seconds that each call may take, with all its attempts where it is retried."""

    tls: Tls | None = field(default=None, repr=False)
    """The certificates for TLS; None to call without TLS."""

    token: str | None = field(default=None, repr=False)
    """The bearer token; None for none."""

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers that the address names."""
        return parse_addresses(self.server)

    def each(self) -> list[Self]:
        """Return a target for each server."""
        return [replace(self, server=server.address) for server in self.servers]

    @property
    def host(self) -> str:
        """The host of the first server, an IPv6 address without its brackets."""
        return self.servers[0].host

    @property
    def port(self) -> int:
        """The port of the first server."""
        return self.servers[0].port

    @property
    def is_loopback(self) -> bool:
        """Whether all servers are certain to be on this machine."""
        return all(server.is_loopback for server in self.servers)

    @property
    def metadata(self) -> Metadata:
        """The metadata that each call is sent with."""
        return authorization(self.token)

    def channel(self) -> grpc.Channel:
        """Return a channel of the synchronous API to the first server."""
        return open_channel(self.servers[0], self.tls)

    def async_channels(self) -> list[grpc.aio.Channel]:
        """Return a channel of the asynchronous API to each server."""
        return [open_async_channel(server, self.tls) for server in self.servers]

    def watch(
        self, request: pb.WatchContestRequest, clock: Callable[[], float]
    ) -> AsyncGenerator[WatchUpdate, None]:
        """Return a watch, which goes to the servers in turn."""
        turns = Rotation(self.servers)
        return watch_contest(
            lambda: open_async_channel(turns.next(), self.tls, spread=False),
            request,
            alternatives=alternatives(self.servers),
            metadata=lambda: self.metadata,
            clock=clock,
        )

    def blocking_watch(self, request: pb.WatchContestRequest, *, idle_timeout: float) -> Watch:
        """Return a watch of the synchronous API, which goes to the servers in turn.

        Args:
            request: The request of its first stream.

            idle_timeout: The seconds of waiting for a message after which a new stream resumes.
        """
        turns = Rotation(self.servers)
        return Watch(
            lambda: open_channel(turns.next(), self.tls, spread=False),
            request,
            alternatives=alternatives(self.servers),
            metadata=lambda: self.metadata,
            idle_timeout=idle_timeout,
        )

    def call_once(self, method: Callable[..., Any], request: Message) -> Any:
        """Call a method of a synchronous stub, without retries, and return what it returns.

        Raises:
            CallError: The call was rejected or not answered.
        """
        try:
            return method(request, timeout=self.timeout, metadata=self.metadata)
        except grpc.RpcError as error:
            raise self.call_error(error_from_call(error)) from None

    def failure_text(self, error: Exception) -> str:
        """Return the line that says why a call to this server, or a stream from it, failed."""
        if isinstance(error, LeaderboardError):
            return failure_text(error, self.server, self.timeout)
        return str(error)

    def call_error(self, error: LeaderboardError) -> CallError:
        """Return the error that ends a command because a call to this server failed."""
        return CallError(error, self.failure_text(error))

    def watch_error(self, trouble: Exception) -> CommandError:
        """Return the error that ends a command because a watch of this server failed."""
        if isinstance(trouble, LeaderboardError):
            return self.call_error(trouble)
        return CommandError(f"no watch at {self.server}: {trouble}", ExitCode.UNAVAILABLE)
