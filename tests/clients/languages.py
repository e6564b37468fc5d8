"""The languages that have a client, and the command that runs the driver of each."""

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
    """A build of a client and its driver by `make client-…`."""

    tool: str
    """The program that the build needs."""
    stamp: Path
    """A file with the time at which the build began; there once it has succeeded."""
    sources: tuple[Path, ...]
    """The files and folders that are built."""

    @property
    def is_stale(self) -> bool:
        """Whether a source is missing, or newer than the build or of the same clock tick."""
        if not all(source.exists() for source in self.sources):
            return True
        built = self.stamp.stat().st_mtime_ns
        return any(path.stat().st_mtime_ns >= built for path in self._paths())

    def _paths(self) -> Iterator[Path]:
        for source in self.sources:
            yield source
            # Removing a file makes its folder newer.
            yield from (path for path in source.rglob("*") if path.suffix != ".md")


@dataclass(frozen=True)
class Language:
    """A language that has a client."""

    name: str
    program: str
    """The program that runs its driver."""
    arguments: tuple[str, ...]
    """The arguments before the address of the server."""
    needs: Path
    """A file that exists once the driver is built."""
    build: Build | None = None
    """None if the driver needs no build."""

    @property
    def command(self) -> list[str]:
        """The command that starts its driver."""
        program = shutil.which(self.program)
        assert program, f"{self.program} is missing"
        return [program, *self.arguments]

    @property
    def missing(self) -> str:
        """Why its driver can't run here; empty if it can."""
        prefix = f"{self.name} is left out: "
        if not self.needs.exists() or not shutil.which(self.program):
            return f"{prefix}it is built by `make client-{self.name}`"
        if self.build and (not self.build.stamp.exists() or self.build.is_stale):
            return f"{prefix}older than its source, run `make client-{self.name}`"
        return ""


def wanting(languages: Iterable[Language]) -> list[str]:
    """Return the reasons for languages that are left out although they could be built here."""
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
        # Options for a short run.
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
