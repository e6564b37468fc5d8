"""The languages that have a client, and what runs the driver of each: it does what it is told."""

import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CLIENTS = ROOT / "clients"
_DRIVERS = Path(__file__).parent / "drivers"
_BUILT = ROOT / "build" / "clients"
_JAVA_DRIVER = _DRIVERS / "java" / "driver"


@dataclass(frozen=True)
class Build:
    """What `make client-…` makes of a client and its driver."""

    tool: str
    """The program that it takes."""
    stamp: Path
    """It is touched when a build begins, and there once it has succeeded."""
    sources: tuple[Path, ...]
    """Files, and folders with all that is in them, that are built."""

    @property
    def is_stale(self) -> bool:
        """Tell that a source is newer, or as new as the tick of a clock can tell, or gone."""
        if not all(source.exists() for source in self.sources):
            return True
        built = self.stamp.stat().st_mtime_ns
        return any(path.stat().st_mtime_ns >= built for path in self._paths())

    def _paths(self) -> Iterator[Path]:
        for source in self.sources:
            yield source
            # A folder is newer when a file in it was taken away.
            yield from (path for path in source.rglob("*") if path.suffix != ".md")


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
    build: Build | None = None
    """None if it runs as it is."""

    @property
    def command(self) -> list[str]:
        """What starts its driver."""
        program = shutil.which(self.program)
        assert program, f"{self.program} is missing"
        return [program, *self.arguments]

    @property
    def missing(self) -> str:
        """Why its driver can't run here; empty if it can."""
        told = f"{self.name} is left out: "
        if not self.needs.exists() or not shutil.which(self.program):
            return f"{told}it is built by `make client-{self.name}`"
        if self.build and (not self.build.stamp.exists() or self.build.is_stale):
            return f"{told}older than its source, run `make client-{self.name}`"
        return ""


def wanting(languages: Iterable[Language]) -> list[str]:
    """Return why languages are left out whose drivers could be built here."""
    return [
        language.missing
        for language in languages
        if language.missing and language.build and shutil.which(language.build.tool)
    ]


LANGUAGES = (
    Language(
        "python",
        sys.executable,
        (str(_DRIVERS / "python" / "driver.py"),),
        _DRIVERS / "python" / "driver.py",
    ),
    Language(
        "go",
        str(_BUILT / "go-driver"),
        (),
        _BUILT / "go-driver",
        Build("go", _BUILT / "go.built", (_CLIENTS / "go", _DRIVERS / "go")),
    ),
    Language(
        "typescript",
        "node",
        (str(_DRIVERS / "typescript" / "driver.mjs"),),
        _CLIENTS / "typescript" / "dist" / "index.js",
        Build(
            "npm",
            _BUILT / "typescript.built",
            tuple(
                _CLIENTS / "typescript" / name
                for name in ("src", "package.json", "tsconfig.json", "tsconfig.build.json")
            ),
        ),
    ),
    Language(
        "java",
        "java",
        # A short life, so nothing that only pays in a long one.
        (
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-jar",
            str(_JAVA_DRIVER / "target" / "leaderboard-driver.jar"),
        ),
        _JAVA_DRIVER / "target" / "leaderboard-driver.jar",
        Build(
            "mvn",
            _BUILT / "java.built",
            (
                ROOT / "protos" / "leaderboard",
                _CLIENTS / "java" / "pom.xml",
                _CLIENTS / "java" / "src" / "main",
                _DRIVERS / "java" / "pom.xml",
                _JAVA_DRIVER / "pom.xml",
                _JAVA_DRIVER / "src",
            ),
        ),
    ),
)
PRESENT = tuple(language for language in LANGUAGES if not language.missing)
