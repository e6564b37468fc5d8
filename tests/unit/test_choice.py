"""The choice of the listener, with and without the front installed."""

import pytest

from leaderboard_server.transport import choice
from leaderboard_server.transport.choice import FrontMissing, choose


@pytest.mark.parametrize("installed", [True, False])
def test_auto_chooses_the_front_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, *, installed: bool
) -> None:
    """The setting `auto` works on every installation."""
    monkeypatch.setattr(choice, "find_spec", lambda _: installed or None)

    assert choose("auto") == ("front" if installed else "grpcio")
    assert choose("grpcio") == "grpcio"


def test_a_named_front_has_to_be_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If the named listener is not installed, the server does not start with another one."""
    monkeypatch.setattr(choice, "find_spec", lambda _: None)

    with pytest.raises(FrontMissing, match="make front"):
        choose("front")
