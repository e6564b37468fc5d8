"""Encodes updates for the scripts, and decodes outcomes, commits and ranks from their replies."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import orjson

from leaderboard_server.domain.board import RankedUser, Standing
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.errors import Outcome, RequestIdReused, ScoreOutOfRange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult

TIE_KEY_LENGTH = 14
"""The length of the tie key, with which members and the users' entries begin."""
_CHANGE_FIELDS = 8

_Payload: TypeAlias = list[Any]
"""A commit as it is logged: epoch, previous revision, revision, total users, change..."""


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
        applied = iter(changes)
        outcomes: list[Outcome] = []
        for index, update in enumerate(self._updates):
            if others and (text := others.get(index)):
                outcomes.append(_decode_outcome(update, text, self.position))
                continue
            revision += 1
            user_id, score, rank, before, previous_rank, _, _, name = next(applied)
            outcomes.append(
                UpdateResult(
                    RankedUser(user_id, score, rank, name),
                    before,
                    previous_rank,
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
    return orjson.dumps(
        [
            (
                user_id,
                mode,
                points,
                request_id,
                update.fingerprint() if request_id else "",
                event_type,
                "" if time_ns is None else str(time_ns),
                name,
            )
            for update in updates
            for _, user_id, points, mode, request_id, event_type, time_ns, name in (update,)
        ]
    )


def decode_reply(contest_id: str, updates: Sequence[ScoreUpdate], reply: bytes) -> CommitReply:
    """Decode the reply of the commit script to these updates."""
    payload, _, others = reply.partition(b"\n")
    return CommitReply(contest_id, updates, orjson.loads(payload), orjson.loads(others))


def _decode_outcome(update: ScoreUpdate, text: str, current: Position) -> Outcome:
    kind, _, answer = text.partition(" ")
    if kind == "range":
        return ScoreOutOfRange(update.contest_id, update.user_id)
    if kind == "reused":
        return RequestIdReused(update.contest_id, update.request_id)
    score, rank, before, previous_rank, revision, applied, name = answer.split(" ", 6)
    return UpdateResult(
        RankedUser(update.user_id, int(score), int(rank), name),
        int(before),
        int(previous_rank),
        applied == "1",
        kind == "replayed",
        # An answer of a lost history may have a later revision than any read can reach.
        Position(current.epoch, min(int(revision), current.revision)),
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
    return Commit(
        contest_id,
        epoch,
        int(previous_revision),
        int(revision),
        int(total_users),
        tuple(_decode_change(change[:_CHANGE_FIELDS]) for change in changes),
    )


def _decode_change(change: Sequence[Any]) -> ScoreChange:
    user_id, score, rank, previous_score, previous_rank, event_type, event_time, name = change
    # Logs of versions before 0.1.0 have numbers as text.
    return ScoreChange(
        RankedUser(user_id, int(score), int(rank), name),
        int(previous_rank),
        int(score) - int(previous_score),
        event_type,
        int(event_time) if event_time else None,
    )


def decode_rows(
    first_rank: int, rows: Sequence[bytes], entries: Sequence[bytes | None]
) -> Iterator[RankedUser]:
    """Decode ranked users from `member, score, ...` and the users' entries in the same order."""
    for offset, entry in enumerate(entries):
        yield RankedUser(
            rows[2 * offset][TIE_KEY_LENGTH:].decode(),
            int(float(rows[2 * offset + 1])),
            first_rank + offset,
            entry[TIE_KEY_LENGTH:].decode() if entry else "",
        )


def decode_ranked_user(user_id: str, standing: bytes) -> RankedUser:
    """Decode a standing without neighbors from the ranks script."""
    index, score, entry = standing.split(b" ", 2)
    name = entry[TIE_KEY_LENGTH:].decode()
    return RankedUser(user_id, int(float(score)), int(index) + 1, name)


def decode_standing(
    user_id: str, standing: Any, total_users: int, position: Position
) -> Standing | None:
    """Decode the standing of a user from the ranks script; None for a user without a score."""
    if not standing:
        return None
    if isinstance(standing, bytes):
        return Standing(decode_ranked_user(user_id, standing), (), total_users, position)
    first, rows, entries = standing
    users = list(decode_rows(int(first) + 1, rows, entries))
    user = next(row for row in users if row.user_id == user_id)
    users.remove(user)
    return Standing(user, tuple(users), total_users, position)
