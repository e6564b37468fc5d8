"""Prints `field_descriptions.json`: the comments of the contract on messages that it answers with.

The web gateway describes its JSON with them. Run by `make docs`; a test compares the file with what
this prints.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

_PROTOS = Path(__file__).parents[1] / "protos"
_FILES = ("leaderboard/v1/leaderboard.proto", "leaderboard/v1/contests.proto")
_MESSAGE = FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER
_FIELD = DescriptorProto.FIELD_FIELD_NUMBER


_REQUEST = re.compile(r"\w+Request|(Batch)?Update\w+")
"""Messages that browsers neither send nor get."""
_QUOTED = re.compile(r"`([a-z_.]+)`")


def page() -> str:
    """Return the comments by message and field, as JSON."""
    files = [file for file in _contract().file if file.name in _FILES]
    comments = {name: text for file in files for name, text in _comments(file)}
    fields = {name.partition(".")[2] for name in comments}
    described = {
        _json_name(name): _with_json_names(text, fields) for name, text in comments.items()
    }
    return json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _json_name(name: str) -> str:
    return re.sub(r"_(.)", lambda found: found[1].upper(), name)


def _with_json_names(text: str, fields: set[str]) -> str:
    """Return a comment with the names of fields as they are in JSON."""

    def quoted(found: re.Match[str]) -> str:
        own = set(found[1].split(".")) <= fields
        return f"`{_json_name(found[1])}`" if own else found[0]

    return _QUOTED.sub(quoted, text)


def _contract() -> FileDescriptorSet:
    with tempfile.NamedTemporaryFile() as out:
        options = [f"-I{_PROTOS}", "--include_source_info", f"--descriptor_set_out={out.name}"]
        command = [sys.executable, "-m", "grpc_tools.protoc", *options, *_FILES]
        subprocess.run(command, check=True)  # noqa: S603 - it is Python itself
        return FileDescriptorSet.FromString(Path(out.name).read_bytes())


def _comments(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    for location in file.source_code_info.location:
        match list(location.path):
            case [kind, message] if kind == _MESSAGE:
                name = file.message_type[message].name
            case [kind, message, member, field] if (kind, member) == (_MESSAGE, _FIELD):
                outer = file.message_type[message]
                name = f"{outer.name}.{outer.field[field].name}"
            case _:
                continue
        if not _REQUEST.match(name):
            yield name, _plain(location.leading_comments)


def _plain(comment: str) -> str:
    """Return a comment in one line, without what concerns requests alone."""
    text = " ".join(comment.split())
    return text.removesuffix(" Required.").removesuffix(" Output only.")


if __name__ == "__main__":
    print(page(), end="")
