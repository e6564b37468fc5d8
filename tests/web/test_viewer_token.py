"""The setting of the viewer token."""

import pytest

from leaderboard_server.load_config import ConfigInvalid, load_config
from leaderboard_web.config import WebConfig

_VARIABLE = "LEADERBOARD_WEB_VIEWER_TOKEN"


@pytest.mark.parametrize("token", ["", " ", "open sesame", "sésame", "open\n"])
def test_a_token_that_no_header_can_have_is_an_error(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a token, which no browser could send, is no token at all: a gateway must not start."""
    monkeypatch.setenv(_VARIABLE, token)
    with pytest.raises(ConfigInvalid) as invalid:
        load_config(WebConfig, {})
    (problem,) = invalid.value.problems
    assert problem.startswith(f"{_VARIABLE}: ")
    assert "sesame" not in problem


def test_a_token_of_visible_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token may have all other characters of headers."""
    monkeypatch.setenv(_VARIABLE, "open+sesame/1=~!")
    token = load_config(WebConfig, {}).config.viewer_token
    assert token
    assert token.get_secret_value() == "open+sesame/1=~!"
