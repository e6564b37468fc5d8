"""Compares the answer of a driver with the expectation of a step.

An answer may have more fields than expected; rules and attributes in it may not, and neither may an
error: its reason, metadata, violations and `retry_after_s` are empty unless they are expected. A
contest whose state is expected has no times and no settings of seasons that are not. The message of
an error is never empty, and contains the expected text. Whether it is retryable follows from these
by one rule, in every language.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

_EMPTY: dict[str, Any] = {"reason": "", "metadata": {}, "violations": [], "retry_after_s": None}

_WHOLE = {"rules", "attributes"}
"""The fields that hold no others than expected: a default rule and a removed attribute are gone."""

_TIMES = {"starts_at", "ends_at", "next_reset_at", "started_at", "ended_at"}
"""The fields that are times, of which there are several texts, or null."""

_SETTINGS = {*_TIMES, "expire_after", "reset_schedule", "keep_seasons"}
"""The fields that a contest has only if they are set."""

_UNANSWERED = {"UNAVAILABLE", "DEADLINE_EXCEEDED"}
_BROKEN = {"ABORTED", "CANCELLED", "INTERNAL", "UNKNOWN"}
"""The codes that gRPC or a proxy gives a call whose connection broke; the service adds a reason."""


def is_retryable(error: dict[str, Any]) -> bool:
    """Return whether an error has to be retryable, by the fields that a step gives for it."""
    if error["kind"] == "Cancelled":
        return False
    is_broken = error["code"] in _BROKEN and not error.get("reason")
    asks_for_it = error.get("retry_after_s") is not None
    return error["code"] in _UNANSWERED or is_broken or asks_for_it


def assert_answers(answer: Any, wanted: dict[str, Any]) -> None:
    """Compare an answer with the `error` of a step, or else with its `expect`.

    A step whose outcome depends on the time has `one_of`, a list of such expectations.

    Raises:
        AssertionError: It differs, or is an error where none is expected.
        KeyError: The step has none of these, so it would check nothing.
    """
    if "one_of" in wanted:
        assert any(_is_answered(answer, each) for each in wanted["one_of"]), f"answer is {answer!r}"
    elif "error" in wanted:
        assert_holds(answer, {"error": wanted["error"]}, "answer")
    else:
        assert_holds(answer, {"ok": wanted["expect"]}, "answer")


def _is_answered(answer: Any, wanted: dict[str, Any]) -> bool:
    try:
        assert_answers(answer, wanted)
    except AssertionError:
        return False
    return True


def assert_holds(found: Any, wanted: Any, where: str) -> None:
    """Check that all expected fields are there; lists have to be as long.

    Raises:
        AssertionError: A field is missing or differs.
    """
    if isinstance(wanted, dict):
        assert isinstance(found, dict), f"{where} is {found!r}"
        for name, value in wanted.items():
            assert name in found, f"{where} has no {name}: {found!r}"
            _check(name)(found[name], value, f"{where}.{name}")
            if name in _WHOLE:
                assert found[name] == value, f"{where}.{name} is {found[name]!r}, not {value!r}"
        more = (found.keys() & _SETTINGS) - wanted.keys() if "state" in wanted else ()
        assert not more, f"{where} has {more}: {found!r}"
    elif isinstance(wanted, list):
        assert isinstance(found, list), f"{where} is {found!r}"
        assert len(found) == len(wanted), f"{where} is {found!r}"
        for index, value in enumerate(wanted):
            assert_holds(found[index], value, f"{where}[{index}]")
    else:
        assert found == wanted, f"{where} is {found!r}, not {wanted!r}"


def _check(name: str) -> Callable[[Any, Any, str], None]:
    """Return the check of a field."""
    if name in _TIMES:
        return _assert_is_time
    return assert_is_error if name == "error" else assert_holds


def _assert_is_time(found: Any, wanted: str | None, where: str) -> None:
    is_equal = found == wanted
    if not is_equal and found and wanted:
        is_equal = datetime.fromisoformat(found) == datetime.fromisoformat(wanted)
    assert is_equal, f"{where} is {found!r}, not {wanted!r}"


def assert_is_error(found: Any, wanted: dict[str, Any], where: str) -> None:
    """Check that an error is the expected one, and has a text for people.

    Raises:
        AssertionError: It differs, or has no text for people.
    """
    wanted = _EMPTY | {"retryable": is_retryable(wanted)} | wanted
    message = wanted.pop("message", "")
    assert_holds(found, wanted, where)
    assert found["metadata"] == wanted["metadata"], f"{where}.metadata is {found['metadata']!r}"
    texts = [found.get("message"), *(each.get("description") for each in found["violations"])]
    assert all(texts), f"{where} says nothing to people: {found!r}"
    assert message in found["message"], f"{where} says {found['message']!r}, not {message!r}"
