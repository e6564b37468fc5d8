"""A driver that is older than its source is left out."""

import os
import sys
from pathlib import Path

import pytest

from clients.languages import Build, Language, wanting


@pytest.fixture(name="language")
def _language(tmp_path: Path) -> Language:
    """Give a language whose driver was built after all its sources."""
    source, driver, stamp = tmp_path / "src", tmp_path / "driver", tmp_path / "built"
    (source / "part").mkdir(parents=True)
    (source / "part" / "client.go").touch()
    for path in (driver, stamp):
        path.touch()
    for path in (source, *source.rglob("*")):
        os.utime(path, (1, 1))
    return Language("go", sys.executable, (), driver, Build(sys.executable, stamp, (source,)))


def test_a_driver_newer_than_its_sources_is_used(language: Language) -> None:
    """A driver that was built after all its sources is used."""
    assert not language.missing
    assert wanting([language]) == []


@pytest.mark.parametrize("change", ["newer", "one more", "one less", "all gone"])
def test_a_driver_older_than_its_sources_is_left_out(language: Language, change: str) -> None:
    """The reason says how to build it; it counts as wanting if its tool is installed."""
    assert language.build
    (source,) = language.build.sources
    match change:
        case "newer":
            (source / "part" / "client.go").write_text("package broken")
        case "one more":
            (source / "part" / "more.go").touch()
        case "one less":
            (source / "part" / "client.go").unlink()
        case "all gone":
            source.rename(source.with_name("elsewhere"))

    reason = "go is left out: older than its source, run `make client-go`"
    assert language.missing == reason
    assert wanting([language]) == [reason]


def test_a_driver_that_was_never_built_is_left_out(language: Language) -> None:
    """It counts as wanting if its tool is installed, and else is only left out."""
    language.needs.unlink()

    assert language.missing == "go is left out: it is built by `make client-go`"
    assert wanting([language]) == [language.missing]
    assert language.build
    toolless = Build("no-such-tool", language.build.stamp, language.build.sources)
    assert wanting([Language("go", language.program, (), language.needs, toolless)]) == []


def test_a_driver_without_a_stamp_is_left_out(language: Language) -> None:
    """Without a stamp the last build did not succeed, or there was none."""
    assert language.build
    language.build.stamp.unlink()

    assert language.missing
