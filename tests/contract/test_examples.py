"""Examples are found in a document, and compared without values that vary."""

from pathlib import Path

from contract.examples import Example, examples, pieces

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
    """Only the given command counts, with all its lines, in console blocks alone."""
    document = tmp_path / "document.md"
    document.write_text(_DOCUMENT)

    assert examples(document, "grpcurl") == [
        Example(5, "grpcurl -d '{}' \\\n    localhost list", "one\ntwo\n"),
        Example(10, "grpcurl nothing", ""),
    ]


def test_pieces_leave_out_what_varies() -> None:
    """Epochs, white space and the words for a deadline don't count; keys, numbers and texts do."""
    shown = pieces('{"position": {"epoch": "a1", "revision": "2"}}\nERROR:\n  Code: NotFound')
    printed = pieces('{"position":{"epoch":"b2","revision":"2"}} \n\nERROR:\n  Code:  NotFound\n')

    assert shown == printed
    assert shown != pieces('{"position": {"epoch": "a1", "revision": "3"}}\nERROR:\n')
    assert pieces("Message: context deadline exceeded") == pieces("Message: Deadline Exceeded")
    assert pieces('{"position": {"epoch": "a1"}}') != pieces('{"position": {}}')
