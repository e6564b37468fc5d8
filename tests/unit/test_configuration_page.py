"""The page `docs/configuration.md` and `--help` are made from the settings."""

import subprocess
import sys
from pathlib import Path

import pytest

from leaderboard_server.config import Config
from leaderboard_server.setting_types import CommandSettings
from leaderboard_server.settings_list import settings
from leaderboard_web.config import WebConfig

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_that_of_the_code() -> None:
    """The page is what `make docs` prints."""
    made = subprocess.run(
        [sys.executable, str(DOCS / "configuration.py")], capture_output=True, check=True
    ).stdout.decode()

    assert (DOCS / "configuration.md").read_text(encoding="utf-8") == made


@pytest.mark.parametrize("kind", [Config, WebConfig])
def test_every_setting_is_described(kind: type[CommandSettings]) -> None:
    """Each setting has a description, and a number has its range."""
    for setting in settings(kind):
        assert setting.description, setting.name
        assert bool(setting.bounds) == setting.is_number, setting.name
    assert [setting.name for setting in settings(kind)] == list(kind.model_fields)
