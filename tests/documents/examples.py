"""Reads the examples of a document, and output in a form that can be compared."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_PROMPT = "$ "
_FENCE = "```"
_VARYING = {"epoch", "eventTime", "event_time"}
"""Keys whose values differ between runs."""
_TIME_IS_UP = re.compile("(context )?deadline exceeded", re.IGNORECASE)
"""Client and server word an exceeded deadline differently, and either may report it."""


class Example(NamedTuple):
    """A command of a document, and its output there."""

    line: int
    """The line of the command in the document, from 1."""
    command: str
    output: str


def examples(document: Path, command: str) -> list[Example]:
    """
    Return the uses of a command in the console blocks of a document.

    A block is fenced and marked `console`. A line that begins with `$ ` is a command, which a
    backslash at its end continues; the lines up to the next command are its output.
    """
    found: list[Example] = []
    lines = iter(enumerate(document.read_text().splitlines(), 1))
    for _, line in lines:
        if line.strip() == f"{_FENCE}console":
            found += _in_block(lines)
    return [example for example in found if example.command.split()[0] == command]


def _in_block(lines: Iterator[tuple[int, str]]) -> Iterator[Example]:
    number, command, output = 0, "", list[str]()
    for at, line in lines:
        if command.endswith("\\") and not output:
            command += f"\n{line}"
        elif line.startswith(_PROMPT) or line.strip() == _FENCE:
            if command:
                yield Example(number, command, "\n".join(output))
            if line.strip() == _FENCE:
                return
            number, command, output = at, line.removeprefix(_PROMPT), []
        else:
            output.append(line)


def pieces(text: str) -> list[Any]:
    """Split output into JSON values, without values that vary, and lines of other text."""
    found: list[Any] = []
    rest = text.strip()
    while rest:
        if rest[0] == "{":
            value, end = json.JSONDecoder().raw_decode(rest)
            found.append(_stable(value))
        else:
            line = rest.splitlines()[0]
            end = len(line)
            found.append(_TIME_IS_UP.sub("deadline exceeded", " ".join(line.split())))
        rest = rest[end:].strip()
    return found


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "varies" if key in _VARYING else _stable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_stable(part) for part in value]
    return value
