"""Rows of a large board in little memory: serialized, in blocks, and found by their index."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

BLOCK = 1_000
"""The rows of a new block. One with twice as many is split."""


class _Block:
    """Some consecutive rows: their bytes, one row after the other, and the size of each."""

    __slots__ = ("content", "sizes")

    def __init__(self) -> None:
        self.content = bytearray()
        self.sizes = array("I")

    def insert(self, index: int, row: bytes) -> None:
        start = sum(self.sizes[:index])
        self.content[start:start] = row
        self.sizes.insert(index, len(row))

    def pop(self, index: int) -> bytes:
        start = sum(self.sizes[:index])
        end = start + self.sizes.pop(index)
        row = bytes(self.content[start:end])
        del self.content[start:end]
        return row

    def split(self) -> "_Block":
        """Move the second half of the rows into a new block."""
        half, rest = len(self.sizes) // 2, _Block()
        middle = sum(self.sizes[:half])
        rest.content, rest.sizes = self.content[middle:], self.sizes[half:]
        del self.content[middle:], self.sizes[half:]
        return rest

    def __iter__(self) -> Iterator[bytes]:
        start = 0
        for size in self.sizes:
            yield bytes(self.content[start : start + size])
            start += size


class RowBlocks:
    """A list of serialized rows.

    A row takes its bytes and four more. Inserting and removing one costs the same few microseconds
    everywhere in a million of them.
    """

    def __init__(self) -> None:
        self._blocks = [_Block()]
        self._counts = array("I", [0])
        """The rows of each block."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            yield from block

    def __reversed__(self) -> Iterator[bytes]:
        for block in reversed(self._blocks):
            yield from reversed([*block])

    def extend(self, rows: Iterable[bytes]) -> None:
        """Add rows at the end."""
        for row in rows:
            if self._counts[-1] >= BLOCK:
                self._blocks.append(_Block())
                self._counts.append(0)
            block = self._blocks[-1]
            block.content += row
            block.sizes.append(len(row))
            self._counts[-1] += 1
            self._count += 1

    def insert(self, index: int, row: bytes) -> None:
        """Insert a row before the row with an index, or at the end."""
        number, index = self._find(index)
        self._blocks[number].insert(index, row)
        self._counts[number] += 1
        self._count += 1
        if self._counts[number] >= 2 * BLOCK:
            rest = self._blocks[number].split()
            self._blocks.insert(number + 1, rest)
            self._counts[number] -= len(rest.sizes)
            self._counts.insert(number + 1, len(rest.sizes))

    def pop(self, index: int) -> bytes:
        """Remove and return the row with an index."""
        number, index = self._find(index)
        row = self._blocks[number].pop(index)
        self._counts[number] -= 1
        self._count -= 1
        if not self._counts[number] and len(self._blocks) > 1:
            del self._blocks[number], self._counts[number]
        return row

    def last(self, count: int) -> list[bytes]:
        """Return the last rows, as many as there are up to a count."""
        found: list[bytes] = []
        for block in reversed(self._blocks):
            if len(found) >= count:
                break
            found = [*block, *found]
        return found[-count:] if count else []

    def _find(self, index: int) -> tuple[int, int]:
        """Return the block that a row with an index is in, or would be added to, and where."""
        ends = list(accumulate(self._counts))
        number = min(bisect_right(ends, index), len(ends) - 1)
        return number, index - ends[number] + self._counts[number]
