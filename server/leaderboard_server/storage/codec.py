"""How updates, outcomes and commits are written for the scripts and read back."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import orjson

from leaderboard_server.domain.board import RankedUser, Standing
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.errors import LeaderboardError, RequestIdReused, ScoreOutOfRange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult

TIE_KEY = 14
"""The length of the tie key at the head of a member and of a user's entry."""

_CHANGE_FIELDS = 8

Outcome = UpdateResult | LeaderboardError

_Logged: TypeAlias = list[Any]
"""A commit as it is logged: epoch, previous revision, revision, total users, change..."""


class UnreadableCommit(Exception):
    """A commit was logged or published in a form that this version does not understand."""


class CommitReply:
    """What the store answered to a commit."""

    def __init__(
        self,
        contest_id: str,
        updates: Sequence[ScoreUpdate],
        logged: "_Logged",
        others: Sequence[Any],
    ) -> None:
        """Take what the script returned: what it logged, and pairs of an index and an outcome."""
        epoch, _, revision, *_ = logged
        self.contest_id = contest_id
        self.position = Position(epoch, revision)
        """Where the contest is now."""
        self._updates = updates
        self._logged = logged
        self._others = others

    def outcomes(self) -> list[Outcome]:
        """Return what each update led to, in order."""
        others = dict(zip(self._others[::2], self._others[1::2], strict=True))
        epoch, revision, _, _, *changes = self._logged
        applied = iter(changes)
        outcomes: list[Outcome] = []
        for index, update in enumerate(self._updates):
            if others and (text := others.get(index)):
                outcomes.append(_other_outcome(update, text, self.position))
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
        """Return what took effect; without changes if nothing did."""
        return _commit(self.contest_id, self._logged)


def encode_updates(updates: Sequence[ScoreUpdate]) -> bytes:
    """Write updates as the commit script reads them."""
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
    """Read what the commit script returned for these updates."""
    logged, _, others = reply.partition(b"\n")
    return CommitReply(contest_id, updates, orjson.loads(logged), orjson.loads(others))


def _other_outcome(update: ScoreUpdate, text: str, now: Position) -> Outcome:
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
        return _commit(contest_id, orjson.loads(payload))
    except (ValueError, TypeError) as error:
        raise UnreadableCommit(contest_id) from error


def _commit(contest_id: str, logged: _Logged) -> Commit:
    epoch, previous_revision, revision, total, *changes = logged
    return Commit(
        contest_id,
        epoch,
        int(previous_revision),
        int(revision),
        int(total),
        tuple(_change(*change[:_CHANGE_FIELDS]) for change in changes),
    )


def _change(
    user_id: str,
    score: int | str,
    rank: int | str,
    previous_score: int | str,
    previous_rank: int | str,
    event_type: str,
    event_time: str,
    name: str,
) -> ScoreChange:
    # Logs of before 0.1.0 have their numbers as text.
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
    user_id: str, standing: Any, total_users: int, position: Position
) -> Standing | None:
    """Read where a user stands, from what the ranks script returned; None for an absent one."""
    if not standing:
        return None
    if isinstance(standing, bytes):
        index, score, entry = standing.split(b" ", 2)
        name = entry[TIE_KEY:].decode()
        user = RankedUser(user_id, int(float(score)), int(index) + 1, name)
        return Standing(user, (), total_users, position)
    first, rows, entries = standing
    users = list(decode_rows(int(first) + 1, rows, entries))
    user = next(row for row in users if row.user_id == user_id)
    users.remove(user)
    return Standing(user, tuple(users), total_users, position)
