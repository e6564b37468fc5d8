"""The alerts in `deploy/prometheus` are valid, fire when they should, and are explained."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from deploy.expressions import faults, names_in, series
from deploy.promtool import PROJECT, RULES, check_syntax, promtool
from documents.session import fenced
from leaderboard_server.startup_errors import exit_on_startup_error

_CONFIG = RULES.parent / "prometheus.yml"
_UNIT_TESTS = sorted((Path(__file__).parent / "alerts").glob("*.test.yml"))
_RUNBOOK = PROJECT / "docs" / "runbook.md"
_SEVERITIES = {"critical", "warning"}
_TEXTS = {"summary", "description", "runbook_url"}


def _rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


_ALERTS = {rule["alert"]: rule for rule in _rules() if "alert" in rule}
_RECORDINGS = {rule["record"]: rule for rule in _rules() if "record" in rule}


@cache
def _tests() -> list[dict[str, Any]]:
    return [
        test
        for file in _UNIT_TESTS
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
    ]


def test_configuration_is_valid() -> None:
    """Prometheus takes the example configuration, with the rules that it names."""
    checked = promtool("check", "config", _CONFIG)
    assert checked.exit_code == 0, checked.text
    assert "1 rule files found" in checked.text
    rules = promtool("check", "rules", "--lint-fatal", RULES)
    assert rules.exit_code == 0, rules.text


def test_unit_tests_pass() -> None:
    """Alerts fire at their time and clear; restarts and failovers fire none."""
    checked = promtool("test", "rules", *_UNIT_TESTS)
    assert checked.exit_code == 0, checked.text
    assert checked.text.count("SUCCESS") == len(_UNIT_TESTS)


@pytest.mark.parametrize("name", _ALERTS)
def test_each_alert_fires_and_clears_in_a_unit_test(name: str) -> None:
    """Each alert has a unit test in which it is silent, fires, and is silent again."""
    checks = [
        bool(check.get("exp_alerts"))
        for test in _tests()
        for check in test.get("alert_rule_test", [])
        if check["alertname"] == name
    ]
    assert (checks[0], any(checks), checks[-1]) == (False, True, False)


@pytest.mark.parametrize("name", _RECORDINGS)
def test_each_recording_has_a_unit_test(name: str) -> None:
    """The value of each recorded series is checked by a unit test, and an alert uses it."""
    assert any(
        name in check["expr"] and check.get("exp_samples")
        for test in _tests()
        for check in test.get("promql_expr_test", [])
    )
    assert any(name in alert["expr"] for alert in _ALERTS.values())


@pytest.mark.parametrize("name", _ALERTS)
def test_alert_says_what_it_is(name: str) -> None:
    """An alert has a severity, a summary, a description and its part of the runbook."""
    rule = _ALERTS[name]
    assert rule["labels"]["severity"] in _SEVERITIES
    assert set(rule["annotations"]) == _TEXTS
    assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbook.md#{name.lower()}")


def test_metrics_of_rules_exist() -> None:
    """Rules name metrics and labels that a server exposes, and recorded series."""
    recorded = {name: _labels(name) for name in _RECORDINGS}
    known = series() | recorded | {"up": frozenset()}
    assert [fault for rule in _rules() for fault in faults(rule["expr"], known)] == []


def _labels(recording: str) -> frozenset[str]:
    """Return the labels of a recorded series, which the first part of its name has in short."""
    short = {"method": "grpc_method"}
    return frozenset(short.get(part, part) for part in recording.partition(":")[0].split("_"))


def test_runbook_has_a_part_for_each_alert() -> None:
    """The runbook has a part for each alert in their order, with what to look at and to do."""
    parts = re.split(r"^### ", _RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    by_name = dict(part.split("\n", 1) for part in parts)
    assert sorted(by_name) == sorted(_ALERTS)
    for name, text in by_name.items():
        missing = [word for word in ("**Means**", "**Look at**", "**Do**") if word not in text]
        assert not missing, name


def test_runbook_names_metrics_that_exist(tmp_path: Path) -> None:
    """The queries of the runbook are valid, and its metrics and their labels exist."""
    text = _RUNBOOK.read_text(encoding="utf-8")
    queries = fenced(_RUNBOOK, "promql")
    assert queries
    check_syntax(queries, tmp_path)
    assert [fault for query in queries for fault in faults(query, series())] == []
    assert names_in(text) - series().keys() - {"leaderboard_server"} == set()


def test_runbook_names_the_line_of_a_failed_start(capsys: pytest.CaptureFixture[str]) -> None:
    """The runbook says how the line begins that says why a server did not start."""
    (beginning,) = set(re.findall(r"begins with `([^`]+)`", _RUNBOOK.read_text(encoding="utf-8")))
    with pytest.raises(typer.Exit), exit_on_startup_error():
        raise OSError("no such address")
    assert capsys.readouterr().err.startswith(beginning)
