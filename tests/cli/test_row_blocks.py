"""Rows in blocks are a list: in every order of insertions and removals."""

from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from leaderboard_cli.standings.row_blocks import RowBlocks

_rows = st.binary(max_size=3)


class RowsMachine(RuleBasedStateMachine):
    """Changes rows in blocks of 2, and a list in the same way."""

    def __init__(self) -> None:
        super().__init__()
        self._small = patch("leaderboard_cli.standings.row_blocks.BLOCK", 2)

    @initialize(rows=st.lists(_rows, max_size=9))
    def begin(self, rows: list[bytes]) -> None:
        """Begin with some rows."""
        self._small.start()
        self.blocks = RowBlocks()
        self.blocks.extend(rows)
        self.plain = list(rows)

    def teardown(self) -> None:
        """Restore the size of a block."""
        self._small.stop()

    @rule(rows=st.lists(_rows, max_size=4))
    def extend(self, rows: list[bytes]) -> None:
        """Add rows at the end."""
        self.blocks.extend(rows)
        self.plain.extend(rows)

    @rule(row=_rows, data=st.data())
    def insert(self, row: bytes, data: st.DataObject) -> None:
        """Insert a row anywhere."""
        index = data.draw(st.integers(0, len(self.plain)))
        self.blocks.insert(index, row)
        self.plain.insert(index, row)

    @precondition(lambda self: self.plain)
    @rule(data=st.data())
    def pop(self, data: st.DataObject) -> None:
        """Remove any row."""
        index = data.draw(st.integers(0, len(self.plain) - 1))
        assert self.blocks.pop(index) == self.plain.pop(index)

    @invariant()
    def holds_the_rows(self) -> None:
        """The rows, their number and the last ones are those of the list."""
        assert list(self.blocks) == self.plain
        assert list(reversed(self.blocks)) == self.plain[::-1]
        assert len(self.blocks) == len(self.plain)
        assert self.blocks.last(3) == self.plain[-3:]


TestRows = RowsMachine.TestCase
TestRows.settings = settings(max_examples=30, stateful_step_count=30)
