"""Reads the URL of a cluster, and makes the drivers of its nodes."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import SSLConnection, parse_url

from leaderboard_server.storage.addresses import Address, parse_address
from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.tls import NodeTlsConnection, SharedContext

SCHEMES = ("redis+cluster://", "rediss+cluster://")
FORM = (
    "SCHEME://USER:PASSWORD@HOST:PORT,HOST:PORT with a port for each host, no database but 0,"
    " %2F for a / in the password, and options of redis-py"
)
"""What operators get to know of a URL that has another form, none of which is shown."""
_FORM = re.compile(
    r"(?P<scheme>rediss?)\+cluster://((?P<user>[^/?#]*)@)?(?P<hosts>[^/?#@]+)(/0?)?"
    r"(\?(?P<query>[^#]+))?"
)
"""`urlsplit` takes no list of addresses with an IPv6 address that is not the first."""
_OF_ADDRESS = {"host", "port", "path", "db"}
"""Options by which redis-py would connect elsewhere."""


class ClusterUrl(NamedTuple):
    """The parts of the URL of a cluster."""

    seeds: list[Address]
    node_url: str
    """The URL of a node, for the driver, without an address."""


def parse_cluster_url(url: str) -> ClusterUrl:
    """Return the parts of `redis+cluster://user:password@host:port,host:port?option=value`.

    Raises:
        ValueError: It has another form. That of a password with a `/`, `?` or `#` that is not
            encoded is another one: a part of it would be an address, which logs show.
    """
    match = _FORM.fullmatch(url)
    if not match:
        raise ValueError("must name addresses, and no database but 0")
    scheme, user, hosts, query = match.group("scheme", "user", "hosts", "query")
    if query and _OF_ADDRESS & parse_qs(query, strict_parsing=True).keys():
        raise ValueError("options can't name an address or a database")
    seeds = [parse_address(host) for host in hosts.split(",")]
    return ClusterUrl(seeds, f"{scheme}://{user or ''}@/?{query or ''}")


def cluster_of(url: str, complete: Callable[[dict[str, Any]], dict[str, Any]]) -> Cluster:
    """Return the cluster at a URL; see `parse_cluster_url`.

    User and password are those of all nodes. The options are those of redis-py; with
    `rediss+cluster` the nodes are reached over TLS.

    Args:
        url: The URL.

        complete: Returns the options of a pool of connections, from those in the URL.

    Raises:
        ValueError: The URL is not of this form.

        TypeError: An option is unknown.
    """
    seeds, node_url = parse_cluster_url(url)
    options = complete({**parse_url(node_url)})
    if options.get("connection_class") is SSLConnection:
        options |= {"connection_class": NodeTlsConnection, "shared": SharedContext()}

    def connect(address: Address) -> Redis:
        return Redis.from_pool(BlockingConnectionPool(**options, **address._asdict()))

    pool: Any = connect(seeds[0]).connection_pool
    pool.make_connection()  # the driver checks most options only here
    return Cluster(seeds, connect)
