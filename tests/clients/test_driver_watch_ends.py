"""The checks of a driver's watch find wrong updates about removed rows and ends of contests."""

import copy
from collections.abc import Callable
from typing import TypeAlias

import pytest

from clients.driver import Answer
from clients.driver_updates import message_of, ranked_user, snapshot, update_of
from clients.driver_watch import BrokenWatchError, DriverWatch

Story: TypeAlias = list[Answer]


def _story(state: str, reason: str) -> Story:
    """Return the updates of a client whose contest ends after one of its two users is removed."""
    first = [ranked_user("ada", 5, 1), ranked_user("bo", 3, 2)]
    then = [ranked_user("bo", 3, 1)]
    gone = {"user": {"user_id": "ada"}, "previous_rank": 1, "previous_place": 1, "removed": True}
    removed = message_of(2, 3, changes={"changes": [gone], "total_users": 1})
    end = message_of(3, 3, end={"reason": f"END_REASON_CONTEST_{reason}"})
    return [
        update_of("CONNECTING", [], 0),
        snapshot(first, 2, "ORDINAL"),
        update_of("LIVE", then, 3, message=removed, changes=[gone.copy()]),
        update_of(state, then, 3, message=end),
    ]


def _check(story: Story) -> DriverWatch:
    watched = DriverWatch(story, {"scope": "ALL"})
    watched.check()
    return watched


@pytest.mark.parametrize("reason", ["OVER", "DELETED"])
def test_a_watch_ends_with_its_contest(reason: str) -> None:
    """The last update of a contest that is over or deleted passes in the state of that alone."""
    assert _check(_story(reason, reason)).last["state"] == reason

    for state in {"LIVE", "RECONNECTING", "OVER", "DELETED"} - {reason}:
        with pytest.raises(BrokenWatchError):
            _check(_story(state, reason))


_WRONG: dict[str, Callable[[Story], object]] = {
    "a removed row that stays": lambda story: story[2]["rows"].insert(0, ["ada", 5, 1, "Ada", 1]),
    "a removal that is no change": lambda story: story[2].update(changes=[]),
    "a change without the removal": lambda story: story[2]["changes"][0].pop("removed"),
    "the number of users before": lambda story: story[2].update(total_users=2),
    "no final board": lambda story: story[-1].update(rows=[]),
    "trouble at the end": lambda story: story[-1].update(trouble={"message": "over"}),
    "another stream": lambda story: story.append({**story[-1], "message": None}),
    "a message after it": lambda story: story.append(story[1]),
}


@pytest.mark.parametrize("wrong", _WRONG)
def test_every_wrong_update_is_found(wrong: str) -> None:
    """Each wrong update about a removed row or the end of a contest is found."""
    story = copy.deepcopy(_story("OVER", "OVER"))

    _WRONG[wrong](story)

    with pytest.raises(BrokenWatchError):
        _check(story)
