"""No driver that is older than its source is taken for the client as it is."""

import os
import sys
from pathlib import Path

import pytest

from clients.languages import Build, Language, wanting


@pytest.fixture(name="language")
def _language(tmp_path: Path) -> Language:
    """Give one whose driver was built after all its sources."""
    source, driver, stamp = tmp_path / "src", tmp_path / "driver", tmp_path / "built"
    (source / "part").mkdir(parents=True)
    (source / "part" / "client.go").touch()
    for path in (driver, stamp):
        path.touch()
    for path in (source, *source.rglob("*")):
        os.utime(path, (1, 1))
    return Language("go", sys.executable, (), driver, Build(sys.executable, stamp, (source,)))


def test_a_driver_that_was_built_after_its_sources_is_taken(language: Language) -> None:
    """It is the client as it is."""
    assert not language.missing
    assert wanting([language]) == []


@pytest.mark.parametrize("change", ["newer", "one more", "one less", "all gone"])
def test_a_driver_that_is_older_than_its_sources_is_left_out(
    language: Language, change: str
) -> None:
    """It says so, and how that is mended; where its tool is there it is missed."""
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

    told = "go is left out: older than its source, run `make client-go`"
    assert language.missing == told
    assert wanting([language]) == [told]


def test_a_driver_that_was_never_built_is_left_out(language: Language) -> None:
    """It is missed where its tool is there, and no more than said where that is not."""
    language.needs.unlink()

    assert language.missing == "go is left out: it is built by `make client-go`"
    assert wanting([language]) == [language.missing]
    assert language.build
    toolless = Build("no-such-tool", language.build.stamp, language.build.sources)
    assert wanting([Language("go", language.program, (), language.needs, toolless)]) == []


def test_a_driver_without_a_stamp_is_left_out(language: Language) -> None:
    """Its last build did not succeed, or none is known."""
    assert language.build
    language.build.stamp.unlink()

    assert language.missing
