"""The options of a server on grpcio: limits of connections and streams, sizes, keepalive."""

from collections.abc import Iterator

from leaderboard_server.transport.listener import Endpoint, Limits

MAX_RECEIVED_BYTES = 4 * 2**20
"""The largest request that grpcio accepts; from the contract's 1 MiB up to this a call is rejected
with error details."""
METADATA_HARD_LIMIT = 80 * 2**10
"""Metadata that gRPC itself refuses: over 64 KiB, with what HTTP/2 counts beside them."""
MIN_PENDING_CALLS = 10_000
"""Calls that may wait for a handler at least; each takes 25 kB at most while it waits."""
MIN_WATCHES = 1_000
"""Watches that one connection may have at least, as on the front."""
UNLIMITED_STREAMS = 100
"""Streams of a connection for health and reflection."""

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_RECEIVED_BYTES),
    # Between the two gRPC would refuse at random.
    ("grpc.max_metadata_size", METADATA_HARD_LIMIT),
    ("grpc.absolute_max_metadata_size", METADATA_HARD_LIMIT),
    ("grpc.keepalive_time_ms", 30_000),  # detects watchers on lost hosts
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # lets clients do the same
)


def options(endpoint: Endpoint, limits: Limits) -> Iterator[tuple[str, int]]:
    """Yield the options of a server at this endpoint and with these limits."""
    yield from _OPTIONS
    # A second server on the same port has to fail, unless they are meant to share it.
    yield "grpc.so_reuseport", int(endpoint.shared)
    yield "grpc.max_allowed_incoming_connections", limits.max_connections
    # Twice the calls, so that those over the limit are refused, not kept in the client. Far fewer
    # than pending calls, so that one connection can't have the calls of others cancelled.
    watches = max(MIN_WATCHES, limits.max_watchers // 4)
    streams = 2 * limits.max_calls_per_connection + watches + UNLIMITED_STREAMS
    yield "grpc.max_concurrent_streams", streams
    # gRPC cancels calls over this limit, without details. So it is large: a crowd of watchers that
    # returns finds room. By default calls are cancelled from 1,000 on.
    pending = max(MIN_PENDING_CALLS, limits.max_calls + limits.max_watchers)
    yield "grpc.server.max_pending_requests", pending
    yield "grpc.server.max_pending_requests_hard_limit", pending
