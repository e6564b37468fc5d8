"""Prints answers, as lines for people and as JSON for scripts, and guards stdout."""

import codecs
import io
import json
import os
import re
import select
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.text import Text

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_client.results import RankedUser

UserRow: TypeAlias = pb.RankedUser | RankedUser
"""A row of a board: of the contract, or of the library's live board."""

_PIPE_WIDTH = 1000
"""Wide enough that no row of a table is folded where no terminal sets a width."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]",
)
"""Characters that move the cursor, break the line, change the direction of text or are invisible.
The joiners U+200C and U+200D stay: scripts and emoji are written with them."""


def console(*, stderr: bool = False) -> Console:
    """Return a console that shows text as it is: no markup, no colours in a pipe."""
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not made.is_terminal:
        made.width = _PIPE_WIDTH
    return made


def print_line(text: str, *, stderr: bool = False) -> None:
    """Print one line."""
    console(stderr=stderr).print(Text(safe(text)), soft_wrap=True)


def print_error(text: str) -> None:
    """Print the line on stderr that says why the command failed."""
    line = Text.assemble(("error: ", "bold red"), safe(text))
    console(stderr=True).print(line, soft_wrap=True)


def print_error_record(record: Mapping[str, object]) -> None:
    """Print the error, on stderr, as a line of JSON for scripts."""
    _print_record_on_stderr({"error": record})


def print_notice(text: str, *, as_json: bool) -> None:
    """Print a line on stderr that is no error, for scripts as JSON."""
    if as_json:
        _print_record_on_stderr({"notice": text})
    else:
        print_line(text, stderr=True)


def print_summary(text: str, record: Mapping[str, object], *, as_json: bool) -> None:
    """Print what a command did, on stderr because stdout has its data; for scripts as JSON."""
    if as_json:
        _print_record_on_stderr(record)
    else:
        print_line(text, stderr=True)


def _print_record_on_stderr(record: Mapping[str, object]) -> None:
    sys.stderr.write(json.dumps(record) + "\n")


def print_message(message: Message) -> None:
    """Print an answer as one line of JSON.

    It is the JSON mapping of protobuf with the field names of the contract: 64-bit numbers are
    strings, and fields that have their default are present.
    """
    print_record(
        MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
    )


def print_record(record: Mapping[str, object]) -> None:
    """Print one line of JSON; characters that stdout can't encode are escaped as JSON does it."""
    has_all = codecs.lookup(sys.stdout.encoding).name == "utf-8"
    sys.stdout.write(json.dumps(record, ensure_ascii=not has_all) + "\n")
    sys.stdout.flush()


def safe(text: str) -> str:
    """Return the text with all that could disturb a terminal replaced."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def name_of(user: UserRow) -> str:
    """Return the name to show for a user: the display name, or else the id."""
    return safe(user.display_name or user.user_id)


def attributes_of(user: UserRow) -> str:
    """Return the attributes to show for a user, by name; empty if there are none."""
    return safe(", ".join(f"{key}={value}" for key, value in sorted(user.attributes.items())))


def board_name(contest: str, season: int) -> str:
    """Return the name of a board: the contest, with the season where one is named.

    Args:
        contest: The contest.

        season: The season as a request has it: 0 for the current one, -1 for the one before.
    """
    if not season:
        return contest
    return f"{contest}, {f'season {season:,}' if season > 0 else 'the season before'}"


def counted(number: int, thing: str) -> str:
    """Return a number of things in words, such as `1 user` or `2 users`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def format_rank(rank: int, place: int) -> str:
    """Return a rank, with the place where it differs because the contest shares ranks."""
    return f"rank {rank:,}" if rank == place else f"rank {rank:,}, place {place:,}"


class OutputError(CommandError):
    """The output of the command can't be written."""


class OutputClosedError(OutputError):
    """The reader of the pipe that the command prints to closed it."""


@contextmanager
def command_stdio() -> Iterator[None]:
    """Replace stdout and stderr within the block, also where they are closed.

    A character that the encoding lacks is escaped. A write to stdout that fails raises an
    OutputError at once; one to stderr does not, because stderr only says why a command failed.
    Everything after a failed write is dropped.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _open(before[0], _raise), _open(before[1], lambda _error: None)
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _open(before: TextIO | None, on_error: Callable[[OSError], None]) -> TextIO:
    if before is None:  # the command was started with this output closed
        return Path(os.devnull).open("w", encoding="utf-8")
    before.flush()
    written = io.BufferedWriter(_Output(before.fileno(), on_error))
    return io.TextIOWrapper(
        written, encoding=before.encoding, errors="backslashreplace", line_buffering=True
    )


class _Output(io.FileIO):
    """Writes to a file until a write fails, and drops the rest, so that no exit fails."""

    def __init__(self, number: int, on_error: Callable[[OSError], None]) -> None:
        super().__init__(number, "w", closefd=False)
        self._on_error = on_error
        self._failed = False

    def write(self, data: Any, /) -> int:
        """Write, or report the error."""
        if not self._failed:
            try:
                return self._write_when_ready(data)
            except OSError as error:
                self._failed = True
                self._on_error(error)
        return memoryview(data).nbytes

    def _write_when_ready(self, data: Any) -> int:
        while (count := super().write(data)) is None:  # a non-blocking pipe that is full
            select.select([], [self], [])
        return count


def _raise(error: OSError) -> None:
    if isinstance(error, BrokenPipeError):
        text = "nobody reads the output any more"
        raise OutputClosedError(text, ExitCode.PIPE_CLOSED) from None
    text = f"the output can't be written: {error.strerror}"
    raise OutputError(text, ExitCode.UNEXPECTED) from None
