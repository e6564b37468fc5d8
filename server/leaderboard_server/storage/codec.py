"""Encodes updates for the commit script, and decodes its outcomes and the commits that it logs."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import orjson

from leaderboard_server.domain.board import Attributes, RankedUser
from leaderboard_server.domain.change import Commit, Mark, ScoreChange
from leaderboard_server.domain.errors import (
    AttributesTooLarge,
    ContestNotFound,
    ContestNotOpen,
    Outcome,
    PointsOutOfRange,
    RequestIdReused,
    ScoreOutOfRange,
    SeasonNotCurrent,
)
from leaderboard_server.domain.life import ContestState
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult

_CHANGE_FIELDS = 8
"""The fields of a change that is ordinary: ranks are places, and the user has no attributes."""
_UNSEEN = 0
"""In place of a change: the revision of a write of a hidden user."""
_SEPARATOR = "\x1f"
"""Between a display name and attributes, and between an answer and a profile."""

_Payload: TypeAlias = list[Any]
"""A commit as it is logged: epoch, previous revision, revision, total users, perhaps a mark,
change..."""


class UnreadableCommit(Exception):
    """A commit was logged or published in a form that this version can't decode."""


class CommitReply:
    """The store's reply to a commit."""

    def __init__(
        self,
        contest_id: str,
        updates: Sequence[ScoreUpdate],
        payload: "_Payload",
        others: Sequence[Any],
    ) -> None:
        """Take the payload, and index and outcome of each update without a change in it."""
        epoch, _, revision, *_ = payload
        self.contest_id = contest_id
        self.position = Position(epoch, revision)
        """The position of the contest after the commit."""
        self._updates = updates
        self._payload = payload
        self._others = others

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each update, in order."""
        others = dict(zip(self._others[::2], self._others[1::2], strict=True))
        epoch, revision, _, _, *changes = self._payload
        applied = ((at, change) for at, change in enumerate(changes, revision + 1) if change)
        outcomes: list[Outcome] = []
        for index, update in enumerate(self._updates):
            if others and (text := others.get(index)):
                outcomes.append(_decode_outcome(update, text, self.position))
                continue
            revision, change = next(applied)
            user_id, score, rank, before, previous_rank, _, _, name, *more = change
            place, previous_place, attributes = (
                _more_of_change(more) if more else (rank, previous_rank, ())
            )
            outcomes.append(
                UpdateResult(
                    RankedUser(user_id, score, rank, name, place, attributes),
                    before,
                    previous_rank,
                    previous_place,
                    applied=True,
                    replayed=False,
                    position=Position(epoch, revision),
                )
            )
        return outcomes

    def commit(self) -> Commit:
        """Return the commit; it has no changes if no update took effect."""
        return _decode_payload(self.contest_id, self._payload)


def encode_updates(updates: Sequence[ScoreUpdate]) -> bytes:
    """Encode updates for the commit script."""
    return orjson.dumps([_encode_update(update) for update in updates])


def _encode_update(update: ScoreUpdate) -> tuple[Any, ...]:
    _, user_id, points, mode, request_id, event_type, time_ns, name, attributes, clear, season = (
        update
    )
    fields = (
        user_id,
        mode,
        points,
        request_id,
        update.fingerprint() if request_id else "",
        event_type,
        "" if time_ns is None else str(time_ns),
        name,
    )
    if season:
        return *fields, dict(attributes), int(clear), season
    if attributes or clear:
        return *fields, dict(attributes), int(clear)
    return fields


def decode_reply(contest_id: str, updates: Sequence[ScoreUpdate], reply: bytes) -> CommitReply:
    """Decode the reply of the commit script to these updates."""
    payload, _, others = reply.partition(b"\n")
    return CommitReply(contest_id, updates, orjson.loads(payload), orjson.loads(others))


def decode_profile(profile: str) -> tuple[str, Attributes]:
    """Decode a profile: return the display name and the attributes."""
    name, separator, attributes = profile.partition(_SEPARATOR)
    return name, tuple(orjson.loads(attributes).items()) if separator else ()


def _decode_outcome(update: ScoreUpdate, text: str, current: Position) -> Outcome:  # noqa: PLR0911 - one for each kind
    kind, _, rest = text.partition(" ")
    match kind:
        case "range":
            least, greatest = map(int, rest.split())
            return ScoreOutOfRange(update.contest_id, update.user_id, least, greatest)
        case "points":
            return PointsOutOfRange(update.contest_id, update.user_id, int(rest))
        case "attributes":
            return AttributesTooLarge()
        case "reused":
            return RequestIdReused(update.contest_id, update.request_id)
        case "absent":
            return ContestNotFound(update.contest_id)
        case "closed":
            state, time_ms = rest.split()
            return ContestNotOpen(update.contest_id, ContestState(state), int(time_ms))
        case "season":
            return SeasonNotCurrent(update.contest_id, int(rest))
    answer, _, profile = rest.partition(_SEPARATOR)
    score, rank, before, previous_rank, revision, applied, *places = map(int, answer.split())
    place, previous_place = places or (rank, previous_rank)
    name, attributes = decode_profile(profile)
    return UpdateResult(
        RankedUser(update.user_id, score, rank, name, place, attributes),
        before,
        previous_rank,
        previous_place,
        applied == 1,
        kind == "replayed",
        # An answer of a lost history may have a later revision than any read can reach.
        Position(current.epoch, min(revision, current.revision)),
    )


def decode_commit(contest_id: str, payload: bytes) -> Commit:
    """Decode a commit that was logged or published.

    Fields that a later version adds at the end of a change are ignored.

    Raises:
        UnreadableCommit: The payload is no commit that this version can decode.
    """
    try:
        return _decode_payload(contest_id, orjson.loads(payload))
    except (ValueError, TypeError) as error:
        raise UnreadableCommit(contest_id) from error


def _decode_payload(contest_id: str, payload: _Payload) -> Commit:
    epoch, previous_revision, revision, total_users, *changes = payload
    # Logs of versions before 0.1.0 have numbers as text.
    previous_revision = int(previous_revision)
    mark = None
    if changes and isinstance(changes[0], str):
        mark = Mark(changes.pop(0))
    unseen: tuple[int, ...] = ()
    if _UNSEEN in changes:
        first = previous_revision + 1
        unseen = tuple(at for at, change in enumerate(changes, first) if change == _UNSEEN)
        changes = [change for change in changes if change != _UNSEEN]
    return Commit(
        contest_id,
        epoch,
        previous_revision,
        int(revision),
        int(total_users),
        tuple(map(_decode_change, changes)),
        unseen,
        mark,
    )


def _decode_change(change: Sequence[Any]) -> ScoreChange:
    user_id, score, rank, previous_score, previous_rank, event_type, event_time, name = change[
        :_CHANGE_FIELDS
    ]
    rank, previous_rank = int(rank), int(previous_rank)
    place, previous_place = rank, previous_rank
    attributes: Attributes = ()
    if len(change) > _CHANGE_FIELDS:
        place, previous_place, attributes = _more_of_change(change[_CHANGE_FIELDS:])
    return ScoreChange(
        RankedUser(user_id, int(score), rank, name, place, attributes),
        previous_rank,
        previous_place,
        int(score) - int(previous_score) if place else 0,
        event_type,
        int(event_time) if event_time else None,
    )


def _more_of_change(fields: Sequence[Any]) -> tuple[int, int, Attributes]:
    """Decode place, previous place and attributes."""
    place, previous_place, *attributes = fields
    return place, previous_place, tuple(attributes[0].items()) if attributes else ()
