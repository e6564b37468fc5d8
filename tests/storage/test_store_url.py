"""The URL of the store: an invalid one is rejected when it is read, and never shown."""

import pytest

from leaderboard_server.storage.backend import ClusterBackend, open_backend
from leaderboard_server.storage.connection import StoreUrlInvalid, connect
from leaderboard_server.storage.sentinel import MasterPool
from leaderboard_server.storage.store_name import store_name
from leaderboard_server.storage.store_url import holds_password, holds_secret

_PASSWORD = "s3cret"


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://host:26379/scores",
        "redis+sentinel://host:26379,[::1]:26380,10.0.0.1:26381/scores/3",
        "redis+sentinel://user:p%40ss@host:26379/scores?sentinel_password=other&socket_keepalive=no",
        "rediss+sentinel://host:26379/scores?ssl_cert_reqs=none",
    ],
)
def test_sentinel_urls_are_accepted(url: str) -> None:
    """Every form of a Sentinel URL is accepted."""
    assert isinstance(connect(url).connection_pool, MasterPool)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("redis+cluster://host:6379", "redis+cluster://host:6379"),
        ("redis+cluster://host:6379/0?socket_keepalive=no", "redis+cluster://host:6379"),
        ("rediss+cluster://a:1,b:2/?ssl_cert_reqs=none", "rediss+cluster://a:1,b:2"),
        ("redis+cluster://a:1,[::1]:6380,10.0.0.1:2", "redis+cluster://a:1,[::1]:6380,10.0.0.1:2"),
        ("redis+cluster://user:p%40s3cret@[::1]:1,a:2", "redis+cluster://[::1]:1,a:2"),
        ("redis+cluster://user:p@s3cret@a:1", "redis+cluster://a:1"),
        ("redis+cluster://a:1?username=user&password=s3cret", "redis+cluster://a:1"),
    ],
)
def test_cluster_urls_are_accepted(url: str, name: str) -> None:
    """Every form of a cluster's URL is accepted; its name has the addresses and nothing else."""
    assert isinstance(open_backend(url), ClusterBackend)
    assert store_name(url) == name
    assert holds_password(url) == holds_secret(url) == (_PASSWORD in url)


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://host:26379",
        "redis+sentinel://host:26379/",
        "redis+sentinel:///scores",
        "redis+sentinel://host/scores",
        "redis+sentinel://host:port/scores",
        "redis+sentinel://host:65536/scores",
        "redis+sentinel://:26379/scores",
        "redis+sentinel://host:26379,/scores",
        "redis+sentinel://host:26379/scores/first",
        "redis+sentinel://host:26379/scores/1/2",
        "redis+sentinel://host:26379/scores?no_such_option=1",
        "redis+sentinel://host:26379/scores?ssl_cert_reqs=none",
        "rediss+sentinel://host:26379/scores?ssl_cert_reqs=perhaps",
        "rediss+sentinel://host:26379/scores?ssl_no_such_option=1",
        "rediss://host:6379?ssl_cert_reqs=perhaps",
        "redis+sentinels://host:26379/scores",
        "unix+sentinel://host:26379/scores",
        "redis+cluster://",
        "redis+cluster://host",
        "redis+cluster://host:port",
        "redis+cluster://host:6379,",
        "redis+cluster://:6379",
        "redis+cluster://host:65536",
        "redis+cluster://host:6379/1",
        "redis+cluster://host:6379?db=1",
        "redis+cluster://host:6379?host=other",
        "redis+cluster://host:6379?no_such_option=1",
        "redis+cluster://host:6379?ssl_cert_reqs=none",
        "rediss+cluster://host:6379?ssl_cert_reqs=perhaps",
        "unix+cluster://host:6379",
    ],
)
def test_other_urls_are_rejected(url: str) -> None:
    """Other URLs are rejected before a connection is opened, and the error does not show them."""
    with_password = url.replace("://", f"://user:{_PASSWORD}@", 1)

    for wrong in (url, with_password):
        with pytest.raises(StoreUrlInvalid) as rejected:
            open_backend(wrong)
        assert wrong not in str(rejected.value)
        assert _PASSWORD not in str(rejected.value)
        is_cluster = url.startswith(("redis+cluster:", "rediss+cluster:"))
        assert ("a port for each host, no database but 0" in str(rejected.value)) == is_cluster
        assert rejected.value.__suppress_context__


@pytest.mark.parametrize("character", "/?#")
def test_part_of_a_password_is_no_address(character: str) -> None:
    """A password that is not encoded would be logged as an address, were its URL accepted."""
    with pytest.raises(StoreUrlInvalid):
        open_backend(f"redis+cluster://user:12{character}34@host:6379")
