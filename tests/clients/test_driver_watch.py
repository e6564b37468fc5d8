"""The checks of a driver's watch find every wrong update."""

import copy
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from clients.driver import Answer
from clients.driver_updates import message_of, position, ranked_user, snapshot, update_of
from clients.driver_watch import BrokenWatchError, DriverWatch

Story: TypeAlias = list[Answer]

_ARGUMENTS: dict[str, Answer] = {
    "TOP": {"limit": 3},
    "ALL": {"scope": "ALL"},
    "USERS": {"scope": "USERS", "user_ids": ["ada", "bo"]},
}
_SNAPSHOT, _CHANGES, _LOST, _PROGRESS, _END = range(1, 6)
"""The indexes of the updates in the story; the first update is empty."""


def _story(scope: str) -> Story:
    """Return the updates of a correct client: the second of two users takes the lead."""
    first = [ranked_user("ada", 5, 1), ranked_user("bo", 3, 2)]
    # With the scope USERS a rank is as of the user's own last change.
    then = [ranked_user("bo", 7, 1), ranked_user("ada", 5, 1 if scope == "USERS" else 2)]
    change = {
        "user": then[0],
        "previous_rank": 2,
        "previous_place": 2,
        "points": 4,
        "event_type": "goal",
        "event_time": "2022-12-18T15:23:00Z",
    }
    changed = message_of(2, 3, changes={"changes": [change], "total_users": 2})
    trouble = {"message": "the connection broke"}
    draining = message_of(3, 3, end={"reason": "END_REASON_DRAINING"})
    return [
        update_of("CONNECTING", [], 0),
        snapshot(first, 2, "ORDINAL"),
        update_of("LIVE", then, 3, message=changed, changes=[change.copy()]),
        update_of("RECONNECTING", then, 3, trouble=trouble),
        update_of("LIVE", then, 3, message=message_of(3, 3, progress={})),
        update_of("RECONNECTING", then, 3, trouble=trouble, message=draining),
    ]


def _check(story: Story, scope: str) -> DriverWatch:
    watched = DriverWatch(story, _ARGUMENTS[scope])
    watched.check()
    return watched


@pytest.mark.parametrize("scope", _ARGUMENTS)
def test_a_correct_watch_passes(scope: str) -> None:
    """The updates of a correct client pass."""
    assert _check(_story(scope), scope).last["state"] == "RECONNECTING"


def _each(story: Story, name: str, value: Any) -> None:
    for update in story:
        update[name] = value


def _in_rows(story: Story, column: int, value: Any) -> None:
    for update in story:
        for row in update["rows"]:
            row[column] = value


_WRONG_UPDATES: dict[str, Callable[[Story], object]] = {
    "always live": lambda story: _each(story, "state", "LIVE"),
    "live after it was lost": lambda story: story[_LOST].update(state="LIVE"),
    "live after its end": lambda story: story[_END].update(state="LIVE"),
    "not live again": lambda story: story[_PROGRESS].update(state="RECONNECTING"),
    "another season": lambda story: _each(story, "season", 2),
    "no season": lambda story: story[_CHANGES].update(season=0),
    "ranks of 0": lambda story: _in_rows(story, 2, 0),
    "places of 0": lambda story: _in_rows(story, 4, 0),
    "other names": lambda story: _in_rows(story, 3, "wrong"),
    "other scores": lambda story: _in_rows(story, 1, 1),
    "other users": lambda story: _in_rows(story, 0, "cy"),
    "rows the other way round": lambda story: story[_SNAPSHOT]["rows"].reverse(),
    "a row less": lambda story: story[_CHANGES]["rows"].pop(),
    "no rows while it is lost": lambda story: story[_LOST].update(rows=[]),
    "another reason": lambda story: story[_SNAPSHOT].update(snapshot_reason="NONSENSE"),
    "no reason": lambda story: story[_SNAPSHOT].update(snapshot_reason=None),
    "a reason for no snapshot": lambda story: story[_CHANGES].update(
        snapshot_reason="SNAPSHOT_REASON_INITIAL"
    ),
    "more users": lambda story: _each(story, "total_users", 3),
    "unknown users": lambda story: story[_SNAPSHOT].update(total_users=None),
    "another position": lambda story: story[_CHANGES].update(position=position(2)),
    "another epoch": lambda story: story[_CHANGES]["position"].update(epoch="two"),
    "no position": lambda story: story[_LOST].update(position=None),
    "no changes": lambda story: _each(story, "changes", []),
    "a change twice": lambda story: story[_CHANGES].update(changes=story[_CHANGES]["changes"] * 2),
    "a change of another time": lambda story: story[_CHANGES]["changes"][0].update(
        event_time="2022-12-18T15:24:00Z"
    ),
    "a change of other points": lambda story: story[_CHANGES]["changes"][0].update(points=1),
    "changes repeated": lambda story: story[_LOST].update(changes=story[_CHANGES]["changes"]),
    "no trouble": lambda story: _each(story, "trouble", None),
    "trouble without a word": lambda story: story[_LOST].update(trouble={"message": ""}),
    "trouble from the start": lambda story: story[0].update(trouble={"message": "no"}),
    "trouble while it is live": lambda story: story[_PROGRESS].update(trouble={"message": "no"}),
    "a message less": lambda story: story.pop(_CHANGES),
    "a message twice": lambda story: story.insert(_CHANGES, story[_CHANGES]),
    "a field less": lambda story: story[_CHANGES].pop("changes"),
}


@pytest.mark.parametrize("scope", _ARGUMENTS)
@pytest.mark.parametrize("wrong", _WRONG_UPDATES)
def test_every_wrong_update_is_found(wrong: str, scope: str) -> None:
    """Each wrong field of an update is found, with each scope."""
    story = copy.deepcopy(_story(scope))

    _WRONG_UPDATES[wrong](story)

    with pytest.raises(BrokenWatchError):
        _check(story, scope)


def test_a_wrong_update_is_found_by_each_check() -> None:
    """A wrong update that was found once is found again by the next check."""
    story = _story("TOP")
    story[_CHANGES]["state"] = "OVER"
    watched = DriverWatch(story, _ARGUMENTS["TOP"])
    for _ in range(2):
        with pytest.raises(BrokenWatchError):
            watched.check()


def test_rows_that_a_resumed_stream_repeats_are_no_changes() -> None:
    """With the scope TOP the client leaves out rows that its board held."""
    story = _story("TOP")
    row = {"user": ranked_user("ada", 5, 2), "previous_rank": 0, "previous_place": 0, "points": 0}
    resumed = message_of(3, 4, changes={"changes": [row], "total_users": 2})
    story[_PROGRESS]["message"] = resumed
    for update in story[_PROGRESS:]:
        update["position"] = position(4)
    story[_END]["message"] = message_of(4, 4, end={"reason": "END_REASON_DRAINING"})
    _check(story, "TOP")

    story[_PROGRESS]["changes"] = [row]

    with pytest.raises(BrokenWatchError):
        _check(story, "TOP")


@pytest.mark.parametrize("changed", [("bo", 7, 9), ("ada", 3, 9), ("bo", 5, 1)])
@pytest.mark.parametrize(("order", "sign"), [("HIGHEST", 1), ("LOWEST", -1)])
def test_order_of_watched_users(order: str, sign: int, changed: tuple[str, int, int]) -> None:
    """With the scope USERS the better score is first, then the place, then the last change."""
    held = {"bo": ranked_user("bo", 3 * sign, 2), "ada": ranked_user("ada", 5 * sign, 1)}
    first = [held["ada"], held["bo"]]
    name, score, place = changed
    points = score * sign - held[name]["score"]
    held[name] = ranked_user(name, score * sign, place)
    change = {"user": held[name], "previous_rank": 1, "previous_place": 1, "points": points}
    message = message_of(2, 3, changes={"changes": [change], "total_users": 9})
    more = {"message": message, "changes": [change], "total_users": 9}
    now = update_of("LIVE", list(held.values()), 3, **more)
    story = [update_of("CONNECTING", [], 0), snapshot(first, 2, "ORDINAL", order), now]
    _check(story, "USERS")

    now["rows"].reverse()

    with pytest.raises(BrokenWatchError):
        _check(story, "USERS")


_RANKS = {"ORDINAL": (1, 2, 3), "COMPETITION": (1, 1, 3), "DENSE": (1, 1, 2)}


def _tied(style: str) -> list[Answer]:
    """Return a board whose first two users have the same score."""
    scores = ("ada", 9), ("cy", 9), ("bo", 7)
    ranks = enumerate(_RANKS[style], 1)
    return [ranked_user(*user, *numbers) for user, numbers in zip(scores, ranks, strict=True)]


def _tying(style: str, shown: str) -> Story:
    """Return the updates of a client that shows ranks of a style when a tie arises."""
    first = [ranked_user("ada", 9, 1), ranked_user("bo", 7, 2)]
    change = {"user": _tied(style)[1], "previous_rank": 0, "previous_place": 0, "points": 9}
    changes = message_of(2, 3, changes={"changes": [change], "total_users": 3})
    return [
        update_of("CONNECTING", [], 0),
        snapshot(first, 2, style),
        update_of("LIVE", _tied(shown), 3, message=changes, changes=[change]),
    ]


@pytest.mark.parametrize("shown", _RANKS)
@pytest.mark.parametrize("style", _RANKS)
def test_ranks_follow_the_rules_of_the_contest(style: str, shown: str) -> None:
    """The ranks, also of a row that only shifted, have to be those of the snapshot's style."""
    story = _tying(style, shown)

    if shown == style:
        _check(story, "ALL")
    else:
        with pytest.raises(BrokenWatchError):
            _check(story, "ALL")


def test_a_snapshot_brings_another_style() -> None:
    """After a change of the rules the ranks are those of the new snapshot."""
    later = snapshot(_tied("DENSE"), 5, "DENSE", reason="CONTEST_UPDATED")
    story = [*_tying("COMPETITION", "COMPETITION"), later]
    assert _check(story, "ALL").reasons == {"INITIAL": 1, "CONTEST_UPDATED": 1}

    later["rows"] = [list(row.values()) for row in _tied("COMPETITION")]

    with pytest.raises(BrokenWatchError):
        _check(story, "ALL")
