"""Tests of reading a document's blocks, and of comparing output without varying values."""

from pathlib import Path

from documents.output import pieces
from documents.session import Block, blocks

_DOCUMENT = """
```console
$ ls
a
$ grpcurl -d '{}' \\
    localhost list
one
two

$ grpcurl nothing
```
```sh
make
make test
```
```python
$ not a command
```
"""


def test_blocks_are_scripts_and_commands_with_their_output(tmp_path: Path) -> None:
    """A shell block is one script; each command of a console block has the lines after it."""
    document = tmp_path / "document.md"
    document.write_text(_DOCUMENT)

    assert blocks(document) == [
        Block(3, "ls", "a"),
        Block(5, "grpcurl -d '{}' \\\n    localhost list", "one\ntwo\n"),
        Block(10, "grpcurl nothing", ""),
        Block(13, "make\nmake test", None),
    ]


def test_pieces_leave_out_varying_values() -> None:
    """Epochs, white space and words for a deadline are ignored; other keys and values are not."""
    shown = pieces('{"position": {"epoch": "a1", "revision": "2"}}\nERROR:\n  Code: NotFound')
    printed = pieces('{"position":{"epoch":"b2","revision":"2"}} \n\nERROR:\n  Code:  NotFound\n')

    assert shown == printed
    assert shown != pieces('{"position": {"epoch": "a1", "revision": "3"}}\nERROR:\n')
    assert pieces("Message: context deadline exceeded") == pieces("Message: Deadline Exceeded")
    assert pieces('{"position": {"epoch": "a1"}}') != pieces('{"position": {}}')
