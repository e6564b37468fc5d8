"""The choice of the listener, where the front is installed and where it is not."""

import pytest

from leaderboard_server.transport import choice
from leaderboard_server.transport.choice import FrontMissing, choose


@pytest.mark.parametrize("installed", [True, False])
def test_auto_takes_the_front_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, *, installed: bool
) -> None:
    """Nobody has to know whether Rust was there when the server was set up."""
    monkeypatch.setattr(choice, "find_spec", lambda _: installed or None)

    assert choose("auto") == ("front" if installed else "grpcio")
    assert choose("grpcio") == "grpcio"


def test_the_front_has_to_be_installed_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server doesn't start with another listener than the one it was told to use."""
    monkeypatch.setattr(choice, "find_spec", lambda _: None)

    with pytest.raises(FrontMissing, match="make front"):
        choose("front")
