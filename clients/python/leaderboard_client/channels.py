"""The connections to a server: how they are made, of the synchronous and the asynchronous API."""

from __future__ import annotations

import grpc
import grpc.aio

_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
)


def open_channel(server: str) -> grpc.Channel:
    """Return a channel for calls that wait for their answers.

    Args:
        server: HOST:PORT.
    """
    return grpc.insecure_channel(server, options=_OPTIONS)


def open_own_channel(server: str) -> grpc.aio.Channel:
    """Return a channel of the asynchronous API that shares its connection with no other one.

    The library would otherwise hand out again a connection that fell silent.

    Args:
        server: HOST:PORT.
    """
    options = (*_OPTIONS, ("grpc.use_local_subchannel_pool", 1))
    return grpc.aio.insecure_channel(server, options=options)
