"""How answers look: tables and lines for people, JSON for scripts."""

import codecs
import json
import re
import sys
from collections.abc import Mapping
from typing import Protocol

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.text import Text

_PIPE_WIDTH = 1000
"""Wide enough that no row of a table is folded where no screen sets a width."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]",
)
"""What could move the cursor, break the line or turn the text around, or can't be seen. The joiners
U+200C and U+200D stay: scripts and emoji are written with them."""


class UserRow(Protocol):
    """What a table needs to know of a user: a `RankedUser`, or a row of a live board."""

    @property
    def rank(self) -> int:
        """The rank, from 1."""

    @property
    def user_id(self) -> str:
        """The user."""

    @property
    def score(self) -> int:
        """The score."""

    @property
    def display_name(self) -> str:
        """The user's name for people; empty if none was given."""


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


def print_message(message: Message) -> None:
    """Print an answer as one line of JSON.

    It is the JSON mapping of protobuf with the field names of the contract: 64-bit numbers are
    strings, and fields that have their default are there too.
    """
    print_record(
        MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
    )


def print_record(record: Mapping[str, object]) -> None:
    """Print one line of JSON; where the output can't have all characters, in its own escapes."""
    has_all = codecs.lookup(sys.stdout.encoding).name == "utf-8"
    sys.stdout.write(json.dumps(record, ensure_ascii=not has_all) + "\n")
    sys.stdout.flush()


def safe(text: str) -> str:
    """Return the text with all that could disturb a terminal replaced."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def named(user: UserRow) -> str:
    """Return what people call a user: the display name, or else the id."""
    return safe(user.display_name or user.user_id)
