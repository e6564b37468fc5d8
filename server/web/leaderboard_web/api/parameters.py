"""Parameters of queries: their declaration, and the strict reading of a query string."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from leaderboard_client import FieldViolation
from leaderboard_web.api.kinds import Kind
from leaderboard_web.problems import Problem

MAX_VIOLATIONS = 10
"""Violations in one problem, as many as the service reports."""
MAX_PARAMETERS = 2_000
"""Parameters of one query: twice as many as users that one request may name."""
_SHOWN_CHARACTERS = 64
"""The length up to which the name of an unknown parameter is repeated."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a query, which sets one field of a request."""

    name: str
    """Its name in the query."""

    kind: Kind
    """How its text is read."""

    description: str
    """Its meaning, for the description of the interface."""

    example: Any = None
    """A value, for the description of the interface."""

    field: str = ""
    """The field of the request; by default that of the same name."""

    required: bool = False
    """Whether it has to be given."""

    repeated: bool = False
    """Whether it may be given several times."""

    @property
    def target(self) -> str:
        """The field of the request."""
        return self.field or self.name


def read_query(parameters: Sequence[Parameter], query: bytes) -> dict[str, Any]:
    """
    Return the fields that a query string sets.

    Raises:
        Problem: It has an unknown parameter, repeats a single one, lacks a required one, or has a
            value that is none of its field.
    """
    given: dict[str, list[str]] = {}
    for name, value in _pairs(query):
        given.setdefault(name, []).append(value)
    fields: dict[str, Any] = {}
    violations = list(_unknown(parameters, given))
    for parameter in parameters:
        values = given.get(parameter.name, [])
        if not values and not parameter.required:
            continue
        try:
            fields[parameter.target] = _value(parameter, values)
        except ValueError as error:
            violations.append(FieldViolation(parameter.name, str(error)))
    if violations:
        raise invalid(*violations)
    return fields


def invalid(*violations: FieldViolation) -> Problem:
    """Return the problem of parameters that break rules, in the form of the contract."""
    shown = violations[:MAX_VIOLATIONS]
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "; ".join(f"{field}: {description}" for field, description in shown),
        reason="ERROR_REASON_INVALID_FIELD",
        metadata={"field": shown[0].field},
        violations=shown,
    )


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except UnicodeDecodeError:
        raise invalid(FieldViolation("query", "must be percent-encoded UTF-8")) from None
    except ValueError:
        problem = f"must have at most {MAX_PARAMETERS} parameters"
        raise invalid(FieldViolation("query", problem)) from None


def _unknown(
    parameters: Sequence[Parameter], given: dict[str, list[str]]
) -> Iterator[FieldViolation]:
    known = {parameter.name for parameter in parameters}
    for name in given:
        if name not in known:
            yield FieldViolation(name[:_SHOWN_CHARACTERS], "is not a parameter of this path")


def _value(parameter: Parameter, values: list[str]) -> Any:
    if not values:
        raise ValueError("is required")
    if parameter.repeated:
        return [parameter.kind.read(value) for value in values]
    if len(values) > 1:
        raise ValueError("must be given once")
    return parameter.kind.read(values[0])
