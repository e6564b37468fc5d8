"""Runs the real promtool, and finds the real Prometheus."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
RULES = PROJECT / "deploy" / "prometheus" / "leaderboard.rules.yml"
_TOOLS = PROJECT / ".tools" / "bin"
_SEARCH_PATH = os.pathsep.join([str(_TOOLS), os.environ.get("PATH", os.defpath)])
_DEADLINE_S = 60.0


class Checked(NamedTuple):
    """The result of promtool."""

    exit_code: int
    text: str
    """Output and errors."""


def require(program: str) -> str:
    """Return the path of a program; skip the test without it, or fail it if `CI` is set."""
    path = shutil.which(program, path=_SEARCH_PATH)
    if path is None:
        reason = f"no {program} in PATH or .tools/bin: `make tools` installs it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def promtool(*arguments: str | Path) -> Checked:
    """Run promtool."""
    done = subprocess.run(
        [require("promtool"), *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        timeout=_DEADLINE_S,
    )
    return Checked(done.returncode, done.stdout + done.stderr)


def check_syntax(expressions: Sequence[str], folder: Path) -> None:
    """Have promtool parse expressions, as rules of a file in `folder`."""
    rules = [{"record": f"checked:{at}", "expr": each} for at, each in enumerate(expressions)]
    file = folder / "expressions.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "checked", "rules": rules}]}))
    checked = promtool("check", "rules", file)
    assert checked.exit_code == 0, checked.text
