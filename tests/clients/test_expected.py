"""The comparison of answers with the steps of the scenario finds every difference."""

import copy
from functools import reduce
from operator import getitem
from typing import Any

import pytest

from clients.driver import Answer
from clients.expected import assert_answers, is_retryable
from clients.scenario import STEPS

_BY_NAME = {step["name"]: step for step in STEPS}
_NO_MORE: Answer = {
    "reason": "",
    "metadata": {},
    "violations": [],
    "retry_after_s": None,
    "message": "no",
}


def _complete(wanted: Any) -> Any:
    """Complete the expected fields to a whole answer."""
    if isinstance(wanted, list):
        return list(map(_complete, wanted))
    if not isinstance(wanted, dict):
        return wanted
    answer = {name: _complete(value) for name, value in wanted.items()}
    if "error" in answer:
        error = answer["error"]
        answer["error"] = _NO_MORE | {"retryable": is_retryable(error)} | error
    return answer


def _answer_to(step: Answer) -> Answer:
    step = step.get("one_of", [step])[0]
    wanted = {"error": step["error"]} if "error" in step else {"ok": step["expect"]}
    answer: Answer = _complete(wanted)
    return answer


_COMPARED = [step["name"] for step in STEPS if {"call", "finish"} & step.keys()]


@pytest.mark.parametrize("name", _COMPARED)
def test_the_expected_answer_passes(name: str) -> None:
    """The expected answer of a step passes."""
    assert_answers(_answer_to(_BY_NAME[name]), _BY_NAME[name])


_RANK = "the rank of a user, and the rows around"
_ABSENT = "an absent user is not found"
_FIELD = "a malformed field is named"
_BATCH = "a batch has a result or an error for each update, in order"
_FULL = "a call that can't wait is refused"
_TOP = "the first rows of a board"
_RULES = "rules get their defaults"
_SCHEDULED = "a contest is created that opens later"
_OPENED = "times are removed, and the contest is open"
_UNSCHEDULED = "a schedule is removed"
_SEASONS = "seasons are listed over several pages, the latest first"
_MERGED = "attributes are merged, and an empty one is removed"


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        (_RANK, "ok percentile", -7),
        (_RANK, "ok neighbors 0 score", -1),
        (_RANK, "ok neighbors 1 rank", 0),
        (_RANK, "ok user display_name", "wrong"),
        (_TOP, "ok users 1 display_name", "wrong"),
        (_TOP, "ok total_users", 0),
        (_RULES, "ok rules order", "HIGHEST_FIRST"),
        (_RULES, "ok rules max_points", 5),
        (_SCHEDULED, "ok state", "OPEN"),
        (_SCHEDULED, "ok starts_at", "2100-01-01T00:00:00.251Z"),
        (_SCHEDULED, "ok ends_at", "2101-01-01T00:00:00+01:00"),
        (_SCHEDULED, "ok expire_after", 3600),
        (_OPENED, "ok starts_at", "2100-01-01T00:00:00Z"),
        (_OPENED, "ok expire_after", 1),
        (_UNSCHEDULED, "ok next_reset_at", "2100-01-01T00:00:00Z"),
        (_UNSCHEDULED, "ok reset_schedule", {"cron": "0 0 1 1 *", "time_zone": "UTC"}),
        (_UNSCHEDULED, "ok keep_seasons", 0),
        (_SEASONS, "ok seasons 0 ended_at", "2100-01-01T00:00:00Z"),
        (_SEASONS, "ok seasons 1 number", 2),
        (_MERGED, "ok user place", 2),
        (_MERGED, "ok user attributes team", "red"),
        (_MERGED, "ok user attributes age", "7"),
        (_ABSENT, "error metadata", {}),
        (_ABSENT, "error message", ""),
        (_ABSENT, "error message", "wrong"),
        (_ABSENT, "error reason", ""),
        (_ABSENT, "error kind", "Other"),
        (_ABSENT, "error retry_after_s", 1.0),
        (_ABSENT, "error violations", [{"field": "user_id", "description": "is absent"}]),
        (_FIELD, "error violations", []),
        (_FIELD, "error violations 0 field", "points"),
        (_FIELD, "error violations 0 description", ""),
        (_FIELD, "error metadata more", "than that"),
        (_FULL, "error retry_after_s", None),
        (_FULL, "error retryable", False),
        (_ABSENT, "error retryable", True),
        (_BATCH, "ok results 1 error message", ""),
        (_BATCH, "ok results 3 error metadata", {}),
    ],
)
def test_every_difference_is_found(name: str, path: str, value: Any) -> None:
    """Any field of an answer that differs from the expected one is found."""
    answer = copy.deepcopy(_answer_to(_BY_NAME[name]))
    way: list[Any] = [int(part) if part.isdecimal() else part for part in path.split()]
    last = way.pop()

    reduce(getitem, way, answer)[last] = value

    with pytest.raises(AssertionError):
        assert_answers(answer, _BY_NAME[name])


def test_other_texts_of_a_time_pass() -> None:
    """A time may be in any form of RFC 3339."""
    answer = copy.deepcopy(_answer_to(_BY_NAME[_SCHEDULED]))
    answer["ok"] |= {"starts_at": "2100-01-01T01:00:00.250+01:00"}

    assert_answers(answer, _BY_NAME[_SCHEDULED])


@pytest.mark.parametrize("name", _COMPARED)
def test_an_error_is_no_answer_and_an_answer_no_error(name: str) -> None:
    """A step that expects one of them does not accept the other."""
    other: Answer = {"ok": {}} if "error" in _BY_NAME[name] else {"error": {"message": "no"}}

    with pytest.raises(AssertionError):
        assert_answers(other, _BY_NAME[name])


def test_a_step_has_to_have_an_expectation() -> None:
    """Without one no answer passes, and no error."""
    answers: tuple[Answer, ...] = ({"ok": {}}, {"error": {"message": "no"}})
    for answer in answers:
        with pytest.raises(KeyError):
            assert_answers(answer, {"finish": "writes"})
