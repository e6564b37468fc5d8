"""Runs `doctor` and reads its results."""

import json
from typing import Any

from cli.conftest import Run


def found(run: Run, *arguments: str) -> dict[str, dict[str, Any]]:
    """Return the results by their checks."""
    report = json.loads(run("doctor", "--json", *arguments).out)
    return {check["check"]: check for check in report["checks"]}
