"""Tests of the judgement of an attack by the calls of the good client."""

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from attacks.catalogue import ATTACKS
from attacks.outcome import WELL_AGAIN_S, Memory, Outcome, Phase
from attacks.records import Record, Records

_FAST_S, _SLOW_S = 0.004, 0.5


def _calls(first: float, last: float, *, seconds: float, status: str = "OK") -> Iterable[Record]:
    """Return a hundred calls a second."""
    for number in range(round(first * 100), round(last * 100)):
        yield Record(number / 100, seconds, "top", status)


def _outcome(*records: Iterable[Record], listener: str = "front") -> Outcome:
    """Return the outcome of an attack from 10 s to 20 s."""
    return Outcome(
        attacks=(ATTACKS["rapid-reset"],),
        listener=listener,
        records=Records(record for part in records for record in part),
        began=0.0,
        phases=[Phase(10.0, 20.0)],
        memory=Memory(70.0, [80.0], [75.0]),
        watch="",
        accounts=[{"broken": {}, "figures": {}, "tally": {}}],
    )


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    """A file of calls has all of them."""
    records = Records(_calls(0, 1, seconds=_FAST_S))
    records.write(tmp_path / "calls.csv")
    again = Records.read(tmp_path / "calls.csv")
    assert len(again) == len(records) == 100
    assert again.p99(["top"]) == _FAST_S


def test_an_attack_without_effect_breaks_no_bound() -> None:
    """Calls that are as fast and successful as before break nothing."""
    outcome = _outcome(_calls(0, 23, seconds=_FAST_S))
    assert outcome.ratio == 1
    assert outcome.recovery == 0
    assert not outcome.broken_bounds(timed=True)


def test_slow_calls_break_the_bound_of_times_alone() -> None:
    """A p99 of many times the one before is reported where times are judged."""
    outcome = _outcome(
        _calls(0, 10, seconds=_FAST_S),
        _calls(10, 20, seconds=_SLOW_S),
        _calls(20, 23, seconds=_FAST_S),
    )
    assert outcome.broken_bounds(timed=True) == ["the p99 of the good client rose to 125.0 times"]
    assert not outcome.broken_bounds(timed=False)


@pytest.mark.parametrize(("listener", "excused"), [("front", False), ("grpcio", True)])
def test_failures_during_an_attack_are_excused_where_it_can_not_be_bounded(
    listener: str, *, excused: bool
) -> None:
    """Failed calls break a bound, except on grpcio during the attacks that it can't bound."""
    outcome = _outcome(
        _calls(0, 15, seconds=_FAST_S),
        _calls(15, 20.5, seconds=_SLOW_S, status="UNAVAILABLE"),
        _calls(20.5, 23, seconds=_FAST_S),
        listener=listener,
    )
    assert outcome.failures == {"top UNAVAILABLE": 550}
    assert outcome.recovery == pytest.approx(0.49)
    assert bool(outcome.broken_bounds(timed=False)) != excused


def test_a_server_that_stays_ill_is_reported_for_every_attack() -> None:
    """Failures a second after the end are excused nowhere."""
    outcome = _outcome(
        _calls(0, 15, seconds=_FAST_S),
        _calls(15, 23, seconds=_SLOW_S, status="UNAVAILABLE"),
        listener="grpcio",
    )
    assert outcome.recovery == math.inf
    assert outcome.late_failures(WELL_AGAIN_S) == {"top UNAVAILABLE": 200}
    assert len(outcome.broken_bounds(timed=True)) == 2


@pytest.mark.parametrize(
    ("memory", "bound"),
    [
        (Memory(70, [100, 100], [90, 107]), ""),
        (Memory(70, [100, 100], [90, 108]), "the server kept 90 MiB and then 108 MiB"),
        (Memory(70, [100, 1_025], [90, 90]), "the server took 1025 MiB"),
    ],
)
def test_memory_is_bounded_in_each_attack_and_does_not_grow_with_their_number(
    memory: Memory, bound: str
) -> None:
    """A peak above the limit, and growth by a second equal attack, break a bound."""
    outcome = replace(_outcome(_calls(0, 23, seconds=_FAST_S)), memory=memory)
    assert outcome.broken_bounds(timed=False) == ([bound] if bound else [])


def test_rules_that_the_attacker_saw_broken_are_reported() -> None:
    """A wrong answer to the attacker breaks a bound too, and so does a wrong watch."""
    outcome = replace(
        _outcome(_calls(0, 23, seconds=_FAST_S)),
        watch="a gap",
        accounts=[{"broken": {"a status without details": 3}, "figures": {}, "tally": {}}],
    )
    assert outcome.broken_bounds(timed=False) == [
        "a status without details: 3 times",
        "the watch of the good client was wrong: a gap",
    ]
