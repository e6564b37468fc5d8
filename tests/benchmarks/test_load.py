"""Tests of reading what the programs that put load on print."""

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
    """Give the file whose text a stand-in for the load prints."""
    text = tmp_path / "printed.json"
    program = tmp_path / "load"
    program.write_text(f"#!{sys.executable}\nprint(open({str(text)!r}).read())\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(load, "LOAD", program)
    return text


def test_h2load_tells_its_rate() -> None:
    """The calls a second are read from the summary."""
    assert parse_h2load(H2LOAD.format(succeeded=61728, failed=0)) == 12345.6


def test_h2load_that_failed_is_refused() -> None:
    """A rate with failed calls in it is none."""
    with pytest.raises(LoadError, match="28 failed"):
        parse_h2load(H2LOAD.format(succeeded=61700, failed=28))


def test_h2load_that_says_nothing_is_refused() -> None:
    """A summary that isn't there can't be taken for a result."""
    with pytest.raises(LoadError):
        parse_h2load("connection refused")


@pytest.mark.parametrize("text", ["", "load: no", "[1]"])
def test_a_result_has_to_be_one(text: str) -> None:
    """What is no object of JSON is refused."""
    with pytest.raises(LoadError):
        parse_result(text)


def test_a_figure_is_found_by_its_path() -> None:
    """A path of names leads to a figure, and one that leads nowhere is an error."""
    printed = {"kinds": {"update": {"rate": 7}}}

    assert figure(printed, "kinds.update.rate") == 7.0
    with pytest.raises(LoadError, match=r"kinds\.rank\.rate"):
        figure(printed, "kinds.rank.rate")


def test_failed_calls_void_a_run(printing: Path) -> None:
    """A server can't win by refusing, nor by telling old boards."""
    printing.write_text('{"kinds": {"top": {"errors": {"stale": 3}}}}', encoding="utf-8")

    with pytest.raises(LoadError, match="stale"):
        run_load("127.0.0.1:1", (), 0.1)


def test_failed_calls_are_counted_where_they_may_be(printing: Path) -> None:
    """Failed calls are counted where they are allowed; failed updates are counted separately."""
    printing.write_text(
        '{"kinds": {"rank": {"errors": {"grpc-status 8": 3}},'
        ' "update": {"errors": {"grpc-status 8": 2}}}}',
        encoding="utf-8",
    )

    printed = run_load("127.0.0.1:1", (), 0.1, may_fail=True)

    assert (printed["failed"], printed["uncertain"]) == (5, 2)
