"""Cells of exported CSV: nothing that a user is called begins a formula, and nothing is lost."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.export.encoding import encode_csv
from leaderboard_cli.standings.board import Standings, stored_row
from leaderboard_cli.standings.file_parts import safe_cell, text_of_cell
from leaderboard_cli.standings.row_blocks import RowBlocks

RISKY = "=+-@'\t\r\n\0\uff1d\uff0b\uff0d\uff20"
texts = st.text(st.sampled_from(f'{RISKY};"a, ') | st.characters(codec="utf-8"), max_size=12)
no_line_breaks = texts.map(lambda text: text.replace("\n", "").replace("\r", ""))


@given(texts)
@example("''")
@example("\t=")
@example("a;'=1")
def test_the_text_of_a_cell_is_what_it_was(text: str) -> None:
    """Each text comes back from its cell, also one that has such apostrophes itself."""
    assert text_of_cell(safe_cell(text)) == text


@given(texts)
def test_a_cell_begins_no_formula(text: str) -> None:
    """A cell begins with an apostrophe if its text begins with what may begin a formula."""
    cell = safe_cell(text)

    assert cell[:1] == "'" or cell[:1] not in RISKY or not cell


@pytest.mark.parametrize("text", ["", "ada", "Ada L.", "auth0|7", "5", "a=1", "a;b", '{"a":"b"}'])
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    """A text that begins no formula is its own cell."""
    assert safe_cell(text) == text


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@given(name=no_line_breaks, user_id=no_line_breaks, value=no_line_breaks, score=st.integers(-9, 9))
def test_a_row_begins_no_formula(
    separator: str, name: str, user_id: str, value: str, score: int
) -> None:
    """Whatever separates the cells in a spreadsheet, none begins a formula; scores are numbers."""
    user = pb.RankedUser(
        user_id=user_id, score=score, display_name=name, attributes={"team": value}
    )
    rows = RowBlocks()
    rows.extend([stored_row(user)])
    standings = Standings(
        contest_id="chess",
        season=1,
        position=pb.Position(epoch="e", revision=1),
        rules=pb.ContestRules(),
        rows=rows,
    )

    text = b"".join(part for _, part in encode_csv(standings)).decode()
    _, *read = csv.reader(io.StringIO(text, newline=""), delimiter=separator)

    cells = [cell for row in read for cell in row if cell != str(score)]
    assert [cell for cell in cells if cell[:1] and cell[0] in RISKY.replace("'", "")] == []
