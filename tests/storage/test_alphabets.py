"""The alphabets of ids, on which what scripts join to JSON, keys and fields depends."""

import re
import string

import pytest
from redis.asyncio import Redis

from leaderboard_server.domain import fields
from leaderboard_server.domain.update import ScoreUpdate
from storage.conftest import NewStore
from storage.contest import CONTEST, add, commit, ids

_ESCAPED = [chr(code) for code in (*range(0x20), 0x7F, *range(0xD800, 0xE000))] + ['"', "\\"]
"""The characters that don't stand for themselves in JSON, or not in UTF-8."""
_JOINED = {
    "user id": fields.USER_ID,
    "event type": fields.EVENT_TYPE,
    "epoch": fields.EPOCH,
    "contest id": fields.CONTEST_ID,
}
"""What the scripts put into JSON between quotes, without encoding it; and the ids in names."""
_GRAPHIC = string.ascii_letters + string.digits + string.punctuation


def allowed(pattern: re.Pattern[str], character: str) -> bool:
    """Return whether a pattern allows a character, at the beginning or later."""
    return bool(pattern.fullmatch(character) or pattern.fullmatch(f"a{character}"))


@pytest.mark.parametrize("name", _JOINED)
def test_text_that_is_joined_to_json_needs_no_escapes(name: str) -> None:
    """A wider alphabet than that has to be encoded in `commit.lua`, which takes time."""
    assert [one for one in _ESCAPED if allowed(_JOINED[name], one)] == []


def test_contest_id_cannot_change_its_hash_tag() -> None:
    """A brace would put the keys of a contest into other slots of a cluster."""
    assert not any(allowed(fields.CONTEST_ID, brace) for brace in "{}")


def test_request_id_cannot_be_the_field_of_a_server() -> None:
    """A bucket holds the last commit of a server under a name with a space."""
    assert not allowed(fields.REQUEST_ID, " ")


async def test_every_character_of_ids_is_kept(new_store: NewStore, any_redis: Redis) -> None:
    """Boards, the log and replays have the ids and types as they were sent."""
    store = new_store()
    user_id = "a" + "".join(one for one in _GRAPHIC if allowed(fields.USER_ID, one))
    event = "a" + "".join(one for one in _GRAPHIC if allowed(fields.EVENT_TYPE, one))
    requests = [one for one in _GRAPHIC if allowed(fields.REQUEST_ID, one)]
    assert {'"', "\\"} <= set(requests)
    updates: list[ScoreUpdate] = [
        add(user_id[:128], request_id="".join(part), event_type=event[:64])
        for part in (requests[:50], requests[50:])
    ]

    reply = await store.commit(CONTEST, updates)

    assert await ids(store) == [user_id[:128]]
    (logged,) = (await store.history(CONTEST, 0, 10)).commits
    assert logged == reply.commit()
    assert {change.event_type for change in logged.changes} == {event[:64]}
    assert all(result.replayed for result in await commit(new_store(), *updates))
