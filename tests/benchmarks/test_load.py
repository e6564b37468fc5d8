"""Tests of parsing the output of the load programs."""

import sys
from pathlib import Path

import pytest

from benchmarks import load
from benchmarks.load import LoadError, parse_h2load, parse_result, run_load
from benchmarks.measure import figure

H2LOAD = """
finished in 5.00s, 12345.60 req/s, 1.23MB/s
requests: 61728 total, 61792 started, 61728 done, {succeeded} succeeded, {failed} failed, \
0 errored, 0 timeout
"""


@pytest.fixture(name="printing")
def _printing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file with the output of a fake load program."""
    text = tmp_path / "printed.json"
    program = tmp_path / "load"
    program.write_text(f"#!{sys.executable}\nprint(open({str(text)!r}).read())\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(load, "LOAD", program)
    return text


def test_h2load_rate_is_parsed() -> None:
    """The calls per second are read from the summary."""
    assert parse_h2load(H2LOAD.format(succeeded=61728, failed=0)) == 12345.6


def test_h2load_with_failed_calls_is_rejected() -> None:
    """A result with failed calls is rejected."""
    with pytest.raises(LoadError, match="28 failed"):
        parse_h2load(H2LOAD.format(succeeded=61700, failed=28))


def test_h2load_without_a_summary_is_rejected() -> None:
    """Output without a summary is rejected."""
    with pytest.raises(LoadError):
        parse_h2load("connection refused")


@pytest.mark.parametrize("text", ["", "load: no", "[1]"])
def test_a_result_must_be_a_json_object(text: str) -> None:
    """Output that is not a JSON object is rejected."""
    with pytest.raises(LoadError):
        parse_result(text)


def test_a_figure_is_found_by_its_path() -> None:
    """A path of names leads to a figure, and an unknown path is an error."""
    printed = {"kinds": {"update": {"rate": 7}}}

    assert figure(printed, "kinds.update.rate") == 7.0
    with pytest.raises(LoadError, match=r"kinds\.rank\.rate"):
        figure(printed, "kinds.rank.rate")


def test_failed_calls_void_a_run(printing: Path) -> None:
    """Refused calls and stale boards make a run void."""
    printing.write_text('{"kinds": {"top": {"errors": {"stale": 3}}}}', encoding="utf-8")

    with pytest.raises(LoadError, match="stale"):
        run_load("127.0.0.1:1", (), 0.1)


def test_failed_calls_are_counted_where_they_may_be(printing: Path) -> None:
    """Allowed failures of calls are counted, and those of updates separately."""
    printing.write_text(
        '{"kinds": {"rank": {"errors": {"grpc-status 8": 3}},'
        ' "update": {"errors": {"grpc-status 8": 2}}}}',
        encoding="utf-8",
    )

    printed = run_load("127.0.0.1:1", (), 0.1, may_fail=True)

    assert (printed["failed"], printed["uncertain"]) == (5, 2)
