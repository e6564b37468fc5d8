"""The languages that have a client, and what runs the driver of each: it does what it is told."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_DRIVERS = Path(__file__).parent / "drivers"
_BUILT = ROOT / "build" / "clients"


@dataclass(frozen=True)
class Language:
    """A language that has a client."""

    name: str
    program: str
    """What runs its driver."""
    arguments: tuple[str, ...]
    """What it is run with; the address of the server follows."""
    needs: Path
    """What is there once the driver is built."""

    @property
    def command(self) -> list[str]:
        """What starts its driver."""
        program = shutil.which(self.program)
        assert program, f"{self.program} is missing"
        return [program, *self.arguments]

    @property
    def missing(self) -> str:
        """Why its driver can't run here; empty if it can."""
        if not self.needs.exists() or not shutil.which(self.program):
            return f"{self.name} is left out: it is built by `make client-{self.name}`"
        return ""


LANGUAGES = (
    Language(
        "python",
        sys.executable,
        (str(_DRIVERS / "python" / "driver.py"),),
        _DRIVERS / "python" / "driver.py",
    ),
    Language("go", str(_BUILT / "go-driver"), (), _BUILT / "go-driver"),
    Language(
        "typescript",
        "node",
        (str(_DRIVERS / "typescript" / "driver.mjs"),),
        ROOT / "clients" / "typescript" / "dist",
    ),
    Language(
        "java",
        "java",
        # A short life, so nothing that only pays in a long one.
        (
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-jar",
            str(_DRIVERS / "java" / "driver" / "target" / "leaderboard-driver.jar"),
        ),
        _DRIVERS / "java" / "driver" / "target" / "leaderboard-driver.jar",
    ),
)
PRESENT = tuple(language for language in LANGUAGES if not language.missing)
