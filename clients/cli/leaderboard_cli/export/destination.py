"""The file that an export is written to: complete, or as it was before."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from leaderboard_cli.failures import CommandError, ExitCode


@contextmanager
def destination(output: Path | None) -> Iterator[BinaryIO]:
    """Open a destination for the block.

    A file is written beside its place and moved there at the end of the block; if that fails, a
    file that was there before stays as it was. What is no file, such as a pipe, is written to.

    Args:
        output: The file; None for stdout.

    Raises:
        CommandError: The file can't be written.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        if output.exists() and not output.is_file():
            with output.open("wb") as file:
                yield file
        else:
            with _replaced(output.resolve()) as file:
                yield file
    except OSError as error:
        raise CommandError(
            f"{output} can't be written: {error.strerror}", ExitCode.INVALID
        ) from None


@contextmanager
def _replaced(output: Path) -> Iterator[BinaryIO]:
    partial = output.with_name(f".{output.name}.{uuid4().hex}.partial")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(output)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
