"""What a step expects of an answer, held against what a driver said.

An answer may hold more than is expected of it. An error may not: what is not expected of its
reason, metadata, violations and time to wait has to be empty. Its message, which is never empty,
holds what is expected of it.
"""

from typing import Any

_UNSAID: dict[str, Any] = {"reason": "", "metadata": {}, "violations": [], "retry_after_s": None}


def assert_answers(answer: Any, wanted: dict[str, Any]) -> None:
    """Hold an answer against the `error` that is wanted of it, or else against what it `expect`s.

    Raises:
        AssertionError: It is another one, or an error where none is wanted.
        KeyError: Neither is said, so that nothing could be told from it.
    """
    if "error" in wanted:
        assert_holds(answer, {"error": wanted["error"]}, "answer")
    else:
        assert_holds(answer, {"ok": wanted["expect"]}, "answer")


def assert_holds(found: Any, wanted: Any, where: str) -> None:
    """Check that all that is wanted is there; lists have to be as long.

    Raises:
        AssertionError: Something is missing or another.
    """
    if isinstance(wanted, dict):
        assert isinstance(found, dict), f"{where} is {found!r}"
        for name, value in wanted.items():
            assert name in found, f"{where} has no {name}: {found!r}"
            check = assert_is_error if name == "error" else assert_holds
            check(found[name], value, f"{where}.{name}")
    elif isinstance(wanted, list):
        assert isinstance(found, list), f"{where} is {found!r}"
        assert len(found) == len(wanted), f"{where} is {found!r}"
        for index, value in enumerate(wanted):
            assert_holds(found[index], value, f"{where}[{index}]")
    else:
        assert found == wanted, f"{where} is {found!r}, not {wanted!r}"


def assert_is_error(found: Any, wanted: dict[str, Any], where: str) -> None:
    """Check that an error is what is wanted, and says no more than that but a text for people.

    Raises:
        AssertionError: It is another one, or says nothing to people.
    """
    wanted = _UNSAID | wanted
    message = wanted.pop("message", "")
    assert_holds(found, wanted, where)
    assert found["metadata"] == wanted["metadata"], f"{where}.metadata is {found['metadata']!r}"
    texts = [found.get("message"), *(each.get("description") for each in found["violations"])]
    assert all(texts), f"{where} says nothing to people: {found!r}"
    assert message in found["message"], f"{where} says {found['message']!r}, not {message!r}"
