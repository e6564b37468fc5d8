"""Reads the URL of a cluster, and makes the drivers of its nodes."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url

from leaderboard_server.storage.addresses import Address, parse_address
from leaderboard_server.storage.cluster.cluster import Cluster

SCHEMES = ("redis+cluster://", "rediss+cluster://")


def seeds_of(url: str) -> list[Address]:
    """Return the addresses that a URL of a cluster names.

    Raises:
        ValueError: It names none, or one that is not HOST:PORT, or a database other than 0.
    """
    parts = urlsplit(url)
    if unquote(parts.path).strip("/") not in {"", "0"}:
        raise ValueError("a cluster has no database but 0")
    return [parse_address(host) for host in parts.netloc.rpartition("@")[2].split(",")]


def cluster_of(url: str, complete: Callable[[dict[str, Any]], dict[str, Any]]) -> Cluster:
    """Return the cluster at `redis+cluster://user:password@host:port,host:port`.

    User and password are those of all nodes. The options are those of redis-py; with
    `rediss+cluster` the nodes are reached over TLS.

    Args:
        url: The URL.

        complete: Returns the options of a pool of connections, from those in the URL.

    Raises:
        ValueError: The URL is not of this form.

        TypeError: An option is unknown.
    """
    seeds = seeds_of(url)
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")
    scheme = parts.scheme.removesuffix("+cluster")
    options = complete({**parse_url(f"{scheme}://{user}@/?{parts.query}")})

    def connect(address: Address) -> Redis:
        return Redis.from_pool(BlockingConnectionPool(**options, **address._asdict()))

    pool: Any = connect(seeds[0]).connection_pool
    pool.make_connection()  # the driver checks most options only here
    return Cluster(seeds, connect)
