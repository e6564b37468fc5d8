"""The file that an export is written to: complete, or as it was before."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE
from typing import BinaryIO
from uuid import uuid4

from leaderboard_cli.failures import CommandError, ExitCode

_STDOUT = Path("-")


def check_destination(output: Path | None) -> None:
    """Find a destination that can't be written to before the board is read, where that shows.

    Args:
        output: As that of `destination`.

    Raises:
        CommandError: Its folder does not exist, or no file can be made there.
    """
    if output is None or _is_stdout(output) or _is_device(output):
        return
    folder = output.resolve().parent
    if not os.access(folder, os.W_OK):
        raise _error(output, errno.EACCES if folder.exists() else errno.ENOENT)


@contextmanager
def destination(output: Path | None) -> Iterator[BinaryIO]:
    """Open a destination for the block.

    A file is written beside its place and moved there at the end of the block, with the rights that
    a file there had; if that fails, it stays as it was. What is no file, such as a pipe, is written
    to.

    Args:
        output: The file; None or `-` for stdout.

    Raises:
        CommandError: The file can't be written.
    """
    if output is None or _is_stdout(output):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        if _is_device(output):
            with output.open("wb") as file:
                yield file
        else:
            with _replaced(output.resolve()) as file:
                yield file
    except OSError as error:
        raise _error(output, error.errno) from None


def _is_stdout(output: Path) -> bool:
    """Return whether a destination is stdout, also as `/dev/stdout`, which may be a file."""
    if output == _STDOUT:
        return True
    with suppress(OSError):  # it does not exist, or stdout has no number
        return os.path.samestat(output.stat(), os.fstat(sys.stdout.fileno()))
    return False


def _is_device(output: Path) -> bool:
    return output.exists() and not output.is_file()


def _error(output: Path, number: int | None) -> CommandError:
    why = os.strerror(number or errno.EIO)
    return CommandError(f"{output} can't be written: {why}", ExitCode.INVALID)


@contextmanager
def _replaced(output: Path) -> Iterator[BinaryIO]:
    partial = output.with_name(f".{output.name}.{uuid4().hex}.partial")
    try:
        with partial.open("xb") as file:
            if output.exists():
                partial.chmod(S_IMODE(output.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(output)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
