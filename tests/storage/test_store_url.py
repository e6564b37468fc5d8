"""The URL of the store: an invalid one is rejected when it is read, and never shown."""

import pytest

from leaderboard_server.storage.connection import StoreUrlInvalid, connect
from leaderboard_server.storage.sentinel import MasterPool

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
    ],
)
def test_other_urls_are_rejected(url: str) -> None:
    """Other URLs are rejected before a connection is opened, and the error does not show them."""
    with_password = url.replace("://", f"://user:{_PASSWORD}@", 1)

    for wrong in (url, with_password):
        with pytest.raises(StoreUrlInvalid) as rejected:
            connect(wrong)
        assert wrong not in str(rejected.value)
        assert _PASSWORD not in str(rejected.value)
        assert rejected.value.__suppress_context__
