"""The import rules of `pyproject.toml`."""

import subprocess
import sysconfig
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_each_layer_imports_only_the_layers_below_it() -> None:
    """The import contracts hold: layers, and the use of gRPC, the stubs and Redis."""
    # A process of its own: the linter configures the loggers of the process that it runs in.
    checked = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "lint-imports", "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
        text=True,
    )

    assert checked.returncode == 0, checked.stdout
