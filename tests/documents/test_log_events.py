"""The tables of log events in `docs/operations.md` are those of the code: events are API."""

import ast
import re
from collections.abc import Iterator

from documents.operations import PAGE, PROJECT

LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
}
"""The methods of a logger, with the level of an entry."""
SOURCES = (PROJECT / "server" / "leaderboard_server", PROJECT / "server" / "web")
HEADER = "| event | level | meaning |"


def _events(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the events that a module logs, with their levels."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Name(id="_log") | ast.Attribute(attr="_log"), attr=method
                ),
                args=[ast.Constant(value=str(event)), *_],
            ):
                yield event, LEVELS[method]
            case ast.Call(
                func=ast.Name(id="Finding"),
                args=[ast.Constant(value=str(event)), ast.Attribute(attr=severity), *_],
            ):
                yield event, severity.lower()
            case ast.Call(
                func=ast.Name(id="log_together"), args=[ast.Constant(value=str(event)), *_]
            ):
                yield event, "info"
            case _:
                pass


def _rows(text: str) -> Iterator[tuple[str, str]]:
    """Yield the events of the tables, with their levels."""
    for table in text.split(f"{HEADER}\n")[1:]:
        for row in table.partition("\n\n")[0].splitlines()[1:]:
            _, names, levels, *_ = row.split("|")
            events = re.findall(r"`(\w+)`", names)
            each = [level.strip() for level in levels.split(",")]
            yield from zip(events, each if len(each) > 1 else each * len(events), strict=True)


def test_every_event_is_on_the_page() -> None:
    """The tables have each event that a server or a gateway logs with its level, and no other."""
    logged = {
        event
        for source in SOURCES
        for file in source.rglob("*.py")
        for event in _events(ast.parse(file.read_text(encoding="utf-8")))
    }
    shown = list(_rows(PAGE.read_text(encoding="utf-8")))

    assert len(logged) > len(LEVELS), "the events are not found"
    assert set(shown) == logged
    assert len(shown) == len(set(shown)), "an event has two rows"
