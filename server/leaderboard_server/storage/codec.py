"""How updates, outcomes and commits are written for the scripts and read back."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from leaderboard_server.domain.board import RankedUser, Standing
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.errors import LeaderboardError, RequestIdReused, ScoreOutOfRange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult

TIE_KEY = 14
"""The length of the tie key at the head of a member and of a user's entry."""

_CHANGE_FIELDS = 8

Outcome = UpdateResult | LeaderboardError


class UnreadableCommit(Exception):
    """A commit was logged or published in a form that this version does not understand."""


class CommitReply:
    """What the store answered to a commit."""

    def __init__(
        self,
        contest_id: str,
        updates: Sequence[ScoreUpdate],
        texts: Sequence[str],
        total_users: int,
        position: Position,
    ) -> None:
        self.contest_id = contest_id
        self.position = position
        """Where the contest is now."""
        self._updates = updates
        self._texts = texts
        self._total_users = total_users
        self._outcomes: list[Outcome] | None = None

    @property
    def outcomes(self) -> list[Outcome]:
        """What each update led to, in order."""
        if self._outcomes is None:
            self._outcomes = [
                _outcome(update, text, self.position)
                for update, text in zip(self._updates, self._texts, strict=True)
            ]
        return self._outcomes

    @property
    def commit(self) -> Commit:
        """What took effect; without changes if nothing did."""
        changes = tuple(
            ScoreChange(
                outcome.user,
                outcome.previous_rank,
                outcome.user.score - outcome.previous_score,
                update.event_type,
                update.event_time_ns,
            )
            for update, outcome in zip(self._updates, self.outcomes, strict=True)
            if isinstance(outcome, UpdateResult) and outcome.applied and not outcome.replayed
        )
        epoch, revision = self.position
        return Commit(
            self.contest_id, epoch, revision - len(changes), revision, self._total_users, changes
        )


_quoted = json.JSONEncoder(ensure_ascii=False).encode
_parse = json.JSONDecoder().raw_decode


def encode_updates(updates: Sequence[ScoreUpdate]) -> str:
    """Write updates as the commit script reads them."""
    return f"[{','.join(map(_encode_update, updates))}]"


def _encode_update(update: ScoreUpdate) -> str:
    # By hand, since this is half of the time otherwise. Only request ids and names may hold what
    # doesn't stand for itself in JSON.
    _, user_id, points, mode, request_id, event_type, time_ns, name = update
    request, fingerprint = '""', ""
    if request_id:
        request, fingerprint = _quoted(request_id), update.fingerprint()
    time = "" if time_ns is None else time_ns
    display_name = _quoted(name) if name else '""'
    return (
        f'["{user_id}","{mode}","{points}",{request},"{fingerprint}",'
        f'"{event_type}","{time}",{display_name}]'
    )


def decode_reply(contest_id: str, updates: Sequence[ScoreUpdate], reply: bytes) -> CommitReply:
    """Read what the commit script returned for these updates."""
    (epoch, revision, total, *texts), _ = _parse(reply.decode())
    return CommitReply(contest_id, updates, texts, int(total), Position(epoch, int(revision)))


def _outcome(update: ScoreUpdate, text: str, now: Position) -> Outcome:
    kind, _, rest = text.partition(" ")
    if kind == "range":
        return ScoreOutOfRange(update.contest_id, update.user_id)
    if kind == "reused":
        return RequestIdReused(update.contest_id, update.request_id)
    score, rank, before, previous_rank, revision, applied, name = rest.split(" ", 6)
    return UpdateResult(
        RankedUser(update.user_id, int(score), int(rank), name),
        int(before),
        int(previous_rank),
        applied == "1",
        kind == "replayed",
        # An answer of a lost history may be past the present one; callers can reach only that.
        Position(now.epoch, min(int(revision), now.revision)),
    )


def decode_commit(contest_id: str, payload: bytes) -> Commit:
    """Read a commit as it was logged and published.

    Fields that a later version adds at the end of a change are passed over.

    Raises:
        UnreadableCommit: It is none that this version understands.
    """
    try:
        epoch, previous_revision, revision, total, *changes = json.loads(payload)
        return Commit(
            contest_id,
            epoch,
            int(previous_revision),
            int(revision),
            int(total),
            tuple(_change(*change[:_CHANGE_FIELDS]) for change in changes),
        )
    except (ValueError, TypeError) as error:
        raise UnreadableCommit(contest_id) from error


def _change(
    user_id: str,
    score: str,
    rank: str,
    previous_score: str,
    previous_rank: str,
    event_type: str,
    event_time: str,
    name: str,
) -> ScoreChange:
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
    """Read ranked users from `member, score, ...` and the users' entries in the same order."""
    for offset, entry in enumerate(entries):
        yield RankedUser(
            rows[2 * offset][TIE_KEY:].decode(),
            int(float(rows[2 * offset + 1])),
            first_rank + offset,
            entry[TIE_KEY:].decode() if entry else "",
        )


def decode_standing(
    user_id: str, standing: Sequence[Any], total_users: int, position: Position
) -> Standing | None:
    """Read where a user stands, from what the ranks script returned; None for an absent one."""
    if not standing:
        return None
    first, rows, entries = standing
    users = list(decode_rows(int(first) + 1, rows, entries))
    if len(users) == 1:
        return Standing(users[0], (), total_users, position)
    user = next(row for row in users if row.user_id == user_id)
    users.remove(user)
    return Standing(user, tuple(users), total_users, position)
