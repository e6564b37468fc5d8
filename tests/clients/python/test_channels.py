"""Tokens and certificates of a client."""

import pytest

from leaderboard_client import LeaderboardClient, Tls
from leaderboard_client.addresses import parse_addresses
from leaderboard_client.channels import authorization, check_token


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1,127.0.0.1:2", "dns:///localhost:1"],
)
def test_a_token_may_be_sent_without_tls_over_loopback(address: str) -> None:
    """Traffic over loopback does not leave the machine."""
    check_token(parse_addresses(address), tls=None, token="secret")


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1:1",
        "example.com:1",
        "[2001:db8::1]:1",
        "0.0.0.0:1",
        "localhost:1,a:1",
        "dns:///a:1",
    ],
)
def test_a_token_needs_tls(address: str) -> None:
    """A token for another machine is refused without TLS, and is not in the error."""
    with pytest.raises(ValueError, match="without TLS") as raised:
        LeaderboardClient(address, token="secret")

    assert "secret" not in str(raised.value)
    check_token(parse_addresses(address), tls=Tls(), token="secret")


def test_the_token_function_is_called_each_time() -> None:
    """A function may return another token for each attempt."""
    tokens = iter(["one", "two"])

    sent = [authorization(lambda: next(tokens)) for _ in range(2)]

    assert sent == [(("authorization", "Bearer one"),), (("authorization", "Bearer two"),)]
    assert authorization(None) == ()


@pytest.mark.parametrize("token", ["", "two words", "line\n", "caf\u00e9"])
def test_a_token_that_is_no_header_is_refused(token: str) -> None:
    """A token that can't be sent is refused, and is not in the error."""
    with pytest.raises(ValueError, match="printable ASCII") as raised:
        authorization(token)

    assert not token or token not in str(raised.value)


def test_a_certificate_needs_its_key() -> None:
    """One without the other is refused; the key is not in the repr."""
    with pytest.raises(ValueError, match="belong together"):
        Tls(certificate=b"chain")
    with pytest.raises(ValueError, match="belong together"):
        Tls(key=b"key")

    assert "private" not in repr(Tls(certificate=b"chain", key=b"private"))
