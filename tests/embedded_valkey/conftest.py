"""Fixtures of the tests of embedded stores."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Yield the path of a folder that does not exist yet, short enough for a socket in it."""
    with tempfile.TemporaryDirectory(prefix="board-") as parent:
        yield Path(parent, "data")
