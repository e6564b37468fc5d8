"""Properties of the settings."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from leaderboard_server.config import MIN_EMBEDDED_MEMORY, Config


@pytest.mark.parametrize(
    ("address", "exposed"),
    [
        ("127.0.0.1:1", False),
        ("127.8.8.8:1", False),
        ("localhost:1", False),
        ("[::1]:1", False),
        ("0.0.0.0:1", True),
        ("[::]:1", True),
        ("10.0.0.1:1", True),
        ("leaderboard.internal:1", True),
    ],
)
def test_exposed_addresses(address: str, *, exposed: bool) -> None:
    """Without TLS every address but loopback is exposed; metrics are so with TLS too."""
    assert Config(address=address).is_exposed is exposed
    assert not Config(address=address, tls_cert=Path("chain"), tls_key=Path("key")).is_exposed
    with_tls = Config(metrics_address=address, tls_cert=Path("chain"), tls_key=Path("key"))
    assert with_tls.exposes_metrics is exposed
    assert not Config(address=address).exposes_metrics


@pytest.mark.parametrize(("max_calls", "expected"), [(1_000, 250), (10, 2), (3, 1), (1, 1)])
def test_calls_of_a_connection(max_calls: int, expected: int) -> None:
    """A connection may have a quarter of all calls in flight, and one at least."""
    assert Config(max_calls=max_calls).max_calls_per_connection == expected
    set_itself = Config(max_calls=max_calls, max_calls_per_connection=max_calls)
    assert set_itself.max_calls_per_connection == max_calls


def test_memory_of_the_embedded_store_is_in_bytes() -> None:
    """A number that is meant in another unit is rejected; 0 is no limit, and there is a default."""
    for number in (-1, 4, 2_000):
        with pytest.raises(ValidationError):
            Config(embedded_max_memory=number)
    assert Config(embedded_max_memory=0).embedded_max_memory == 0
    assert Config().embedded_max_memory > MIN_EMBEDDED_MEMORY
