"""Tests of a campaign."""

import pytest

from benchmarks import campaign
from benchmarks.campaign import Plan, run
from benchmarks.jobs import QUICK, all_jobs
from benchmarks.ledger import Ledger, LedgerError
from benchmarks.load import LoadError
from benchmarks.measure import Measurement


def test_a_failure_is_kept_and_the_rest_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed run has no figure and is reported; the other runs are kept."""

    def measure(
        job: object, server: object, store: object, ledger: Ledger, turn: int, seconds: float
    ) -> Measurement:
        if turn == 1:
            raise LoadError("calls failed")
        if turn == 2:
            raise LedgerError("not written")
        return Measurement("update_many", "seed_go", turn, 7.0, 1.0, 0.5, {})

    monkeypatch.setattr(campaign, "measure", measure)
    jobs = [job for job in all_jobs(QUICK) if job.name == "update_many"]
    lines: list[str] = []

    outcome = run(Plan(jobs, ["seed_go"], 0.1, 3, append_only=False), lines.append)

    assert outcome.failures == [
        "update_many seed_go 1: calls failed",
        "update_many seed_go 2: not written",
    ]
    assert [each.value for each in outcome.measurements] == [7.0]
    assert sum("FAILED" in line for line in lines) == 2
