"""The board that stands on the page, read in one step."""

from typing import NamedTuple, Self

from playwright.async_api import Frame, Page

from leaderboard.v1 import leaderboard_pb2 as pb

_READ = """() => {
  const board = document.querySelector("#board");
  if (!board) return null;
  const rows = [...board.querySelectorAll("#rows [data-user-id]")];
  const cell = (row, name) => row.querySelector(`[data-cell=${name}]`).textContent;
  return {
    state: board.dataset.state,
    position: board.dataset.position ?? "",
    season: board.dataset.season ?? "",
    total: board.dataset.total ?? "",
    rows: rows.map((row) => [
      row.dataset.userId, cell(row, "rank"), cell(row, "name"), cell(row, "score"),
    ]),
  };
}"""


class ShownRow(NamedTuple):
    """A row as it stands on the page."""

    user_id: str
    rank: int
    name: str
    score: int

    @classmethod
    def of(cls, user: pb.RankedUser) -> Self:
        """Return what the page must show of a row of the service."""
        return cls(user.user_id, user.rank, user.display_name or user.user_id, user.score)


class ShownBoard(NamedTuple):
    """The whole board at one moment."""

    state: str
    epoch: str
    revision: int
    season: int
    total: int
    rows: tuple[ShownRow, ...]


def shown_number(text: str) -> int:
    """Return the number in a cell, which may have signs between its digits, and U+2212 as minus."""
    digits = "".join(character for character in text if character.isdigit())
    return -int(digits) if text.strip()[:1] in {"-", "\u2212"} else int(digits)


async def board_of(page: Page | Frame) -> ShownBoard:
    """
    Read state, position and rows in one step, so that they belong together.

    Raises:
        AssertionError: The page has no board (yet).
    """
    read = await page.evaluate(_READ)
    assert read is not None, "the page has no board"
    epoch, _, revision = read["position"].partition(":")
    rows = tuple(
        ShownRow(user_id, shown_number(rank), name.strip(), shown_number(score))
        for user_id, rank, name, score in read["rows"]
    )
    return ShownBoard(
        read["state"],
        epoch,
        int(revision or 0),
        int(read["season"] or 0),
        int(read["total"] or 0),
        rows,
    )
