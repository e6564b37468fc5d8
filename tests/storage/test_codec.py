"""Decoding of logged commits."""

import pytest

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.storage.codec import UnreadableCommit, decode_commit

ADA = ScoreChange(RankedUser("ada", 3, 1, "Ada", 1), 2, 2, 2, "goal", 10**20)


@pytest.mark.parametrize(
    "logged",
    [
        '["e",4,5,2,["ada",3,1,1,2,"goal","100000000000000000000","Ada"]]',
        '["e",4,5,2,["ada",3,1,1,2,"goal","100000000000000000000","Ada",1,2,{},"later"]]',
        '["e","4","5","2",["ada","3","1","1","2","goal","100000000000000000000","Ada"]]',
    ],
)
def test_commits_of_all_versions_are_decoded(logged: str) -> None:
    """Commits of this version, of a later one with more fields, and of one with numbers as text."""
    assert decode_commit("cup", logged.encode()) == Commit("cup", "e", 4, 5, 2, (ADA,))


@pytest.mark.parametrize("logged", ["no json", "[]", "5", '["e",4,5,2,["ada"]]', '["e",4,5,2,7]'])
def test_other_payloads_raise_one_error(logged: str) -> None:
    """Every unreadable payload raises the same error."""
    with pytest.raises(UnreadableCommit):
        decode_commit("cup", logged.encode())
