"""How commits of the log are read."""

import pytest

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.storage.codec import UnreadableCommit, decode_commit

ADA = ScoreChange(RankedUser("ada", 3, 1, "Ada"), 2, 2, "goal", 10**20)


@pytest.mark.parametrize(
    "logged",
    [
        '["e",4,5,2,["ada",3,1,1,2,"goal","100000000000000000000","Ada"]]',
        '["e",4,5,2,["ada",3,1,1,2,"goal","100000000000000000000","Ada","of a later version"]]',
        '["e","4","5","2",["ada","3","1","1","2","goal","100000000000000000000","Ada"]]',
    ],
)
def test_what_was_ever_logged_is_read(logged: str) -> None:
    """Of this version, of a later one, and of the earlier one that wrote numbers as text."""
    assert decode_commit("cup", logged.encode()) == Commit("cup", "e", 4, 5, 2, (ADA,))


@pytest.mark.parametrize("logged", ["no json", "[]", "5", '["e",4,5,2,["ada"]]', '["e",4,5,2,7]'])
def test_what_is_no_commit_is_told(logged: str) -> None:
    """It is one error, whatever is wrong."""
    with pytest.raises(UnreadableCommit):
        decode_commit("cup", logged.encode())
