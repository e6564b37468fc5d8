"""The benchmark of exports, in a short form."""

from pathlib import Path

import pytest

from benchmarks.export import measure
from harness.service import LISTENERS


@pytest.mark.slow
@pytest.mark.skipif("front" not in LISTENERS, reason="the front is not installed")
async def test_an_export_of_a_live_contest(tmp_path: Path) -> None:
    """The export is the board of its position, with rows that drop across the row that is read."""
    figures = await measure(tmp_path, users=50_000)

    assert figures.equal, str(figures)
    assert figures.changes
    assert figures.dropped
