"""Encoding of updates, and decoding of logged commits."""

import orjson
import pytest

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.errors import SeasonNotCurrent
from leaderboard_server.domain.rules import UpdateMode
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage.codec import (
    UnreadableCommit,
    decode_commit,
    decode_reply,
    encode_updates,
)

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


def test_a_season_is_encoded_where_it_is_set() -> None:
    """An update for a season has all fields; the others are as short as without seasons."""
    update = ScoreUpdate("cup", "ada", 5, UpdateMode.SET)
    fields = ["ada", "set", 5, "", "", "", "", ""]
    updates = (
        update,
        update._replace(clear_display_name=True),
        update._replace(season=3),
        update._replace(attributes=(("team", "red"),), season=4),
    )

    encoded = orjson.loads(encode_updates(updates))

    assert encoded == [
        fields,
        [*fields, {}, 1],
        [*fields, {}, 0, 3],
        [*fields, {"team": "red"}, 0, 4],
    ]


def test_a_write_for_another_season_is_refused() -> None:
    """The error has the current season, not that of the write."""
    update = ScoreUpdate("cup", "ada", 5, season=2)

    (outcome,) = decode_reply("cup", (update,), b'["e-1_4",9,9,1]\n[0,"season 4"]').outcomes()

    assert isinstance(outcome, SeasonNotCurrent)
    assert (outcome.contest_id, outcome.season) == ("cup", 4)
