"""Tests of finding examples in a document, and of comparing them without varying values."""

from pathlib import Path

from documents.examples import Example, examples, pieces

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
$ grpcurl not an example
```
"""


def test_examples_are_commands_with_their_output(tmp_path: Path) -> None:
    """Examples are the uses of the given command in console blocks, with all their lines."""
    document = tmp_path / "document.md"
    document.write_text(_DOCUMENT)

    assert examples(document, "grpcurl") == [
        Example(5, "grpcurl -d '{}' \\\n    localhost list", "one\ntwo\n"),
        Example(10, "grpcurl nothing", ""),
    ]


def test_pieces_leave_out_varying_values() -> None:
    """Epochs, white space and words for a deadline are ignored; other keys and values are not."""
    shown = pieces('{"position": {"epoch": "a1", "revision": "2"}}\nERROR:\n  Code: NotFound')
    printed = pieces('{"position":{"epoch":"b2","revision":"2"}} \n\nERROR:\n  Code:  NotFound\n')

    assert shown == printed
    assert shown != pieces('{"position": {"epoch": "a1", "revision": "3"}}\nERROR:\n')
    assert pieces("Message: context deadline exceeded") == pieces("Message: Deadline Exceeded")
    assert pieces('{"position": {"epoch": "a1"}}') != pieces('{"position": {}}')
