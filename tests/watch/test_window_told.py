"""What a server told past its live window holds for what it tells from the window."""

import pytest

from harness.node import running_node
from harness.stores import StoreProcess
from leaderboard_server.board.boards import DEPTH

CONTEST = "cup"


async def test_a_page_below_the_window_holds_for_the_window(
    store: StoreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a page of ranks that no window holds, the first ranks are not of an earlier state."""
    async with running_node(store.url) as node, running_node(store.url) as other:
        await other.add(CONTEST, "bo")
        await node.boards.top(CONTEST, 1, 10)
        late: list[bytes] = []
        monkeypatch.setattr(node.followers.by_contest[CONTEST], "on_message", late.append)
        await other.add(CONTEST, "ada")

        below = await node.boards.top(CONTEST, DEPTH + 1, 10)
        first = await node.boards.top(CONTEST, 1, 10)

        assert below.position.revision == 2
        assert first.position.reaches(below.position)
