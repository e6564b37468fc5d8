"""Names a store for logs: where it is, and nothing secret."""

from urllib.parse import unquote, urlsplit

from redis.asyncio.connection import parse_url

from leaderboard_server.storage.cluster.url import SCHEMES as CLUSTER_SCHEMES
from leaderboard_server.storage.cluster.url import parse_cluster_url
from leaderboard_server.storage.sentinel import SCHEMES as SENTINEL_SCHEMES


def store_name(url: str) -> str:
    """Return a URL that leads to the same store, without user, password and options.

    It is made from the parts that the driver uses: in a malformed URL a part of the password could
    stand anywhere.

    Args:
        url: A URL that `backend.open_backend` accepts.
    """
    if url.startswith(CLUSTER_SCHEMES):
        scheme = url.partition(":")[0]
        return f"{scheme}://{','.join(map(str, parse_cluster_url(url).seeds))}"
    parts = urlsplit(url)
    scheme = parts.scheme
    if url.startswith(SENTINEL_SCHEMES):
        service, _, database = unquote(parts.path.removeprefix("/")).partition("/")
        hosts = parts.netloc.rpartition("@")[2]
        return f"{scheme}://{hosts}/{service}/{database or 0}"
    options = parse_url(url)
    if "path" in options:
        return f"unix://{options['path']}?db={options.get('db', 0)}"
    host = str(options.get("host", "localhost"))
    bracketed = f"[{host}]" if ":" in host else host
    return f"{scheme}://{bracketed}:{options.get('port', 6379)}/{options.get('db', 0)}"
