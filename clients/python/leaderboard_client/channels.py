"""The connections to a server: how they are made, of the synchronous and the asynchronous API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import grpc.aio

if TYPE_CHECKING:
    from leaderboard_client.credentials import Tls

_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # The library would otherwise hand out again a connection that fell silent.
    ("grpc.use_local_subchannel_pool", 1),
)


def open_own_channel(server: str, tls: Tls | None = None) -> grpc.aio.Channel:
    """Return a channel of the asynchronous API that shares its connection with no other one.

    Args:
        server: HOST:PORT.

        tls: What it is encrypted with. Default: it is not.
    """
    if tls is None:
        return grpc.aio.insecure_channel(_name(server), options=_OPTIONS)
    return grpc.aio.secure_channel(_name(server), tls.channel_credentials(), options=_OPTIONS)


def open_own_sync_channel(server: str, tls: Tls | None = None) -> grpc.Channel:
    """Return a channel that shares its connection with no other one.

    Args:
        server: HOST:PORT.

        tls: What it is encrypted with. Default: it is not.
    """
    if tls is None:
        return grpc.insecure_channel(_name(server), options=_OPTIONS)
    return grpc.secure_channel(_name(server), tls.channel_credentials(), options=_OPTIONS)


def _name(server: str) -> str:
    """Name a server to gRPC, which would take a host called `unix` or `dns` for something else."""
    return server if server.startswith("[") else f"dns:///{server}"
