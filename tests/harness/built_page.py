"""The built page of the gateway, which some tests are served."""

import os
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "server" / "web" / "leaderboard_web" / "static"


def require_page() -> None:
    """Skip a test if the page was not built; fail it if `CI` is set."""
    if not (STATIC / "board.html").exists():
        reason = "the page is not built: `make page` builds it (needs npm)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
