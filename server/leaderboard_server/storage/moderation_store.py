"""Removes, hides and erases users of contests."""

from collections.abc import Sequence
from typing import NamedTuple

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.moderation import HiddenUser, UsersChanged
from leaderboard_server.domain.rules import Rules
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import decode_commit, decode_profile
from leaderboard_server.storage.contest_scripts import ContestScripts
from leaderboard_server.storage.rows_codec import TIE_KEY_LENGTH, decode_score
from leaderboard_server.storage.rules_codec import decode_rules

_FIELDS_OF_HIDDEN = 3
"""Fields of each hidden user in a reply."""


class ModerationReply(NamedTuple):
    """The store's reply to a request of moderation."""

    contest_id: str
    result: UsersChanged
    payload: bytes
    """The commit, as it was published; empty if no row changed."""

    def commit(self) -> Commit:
        """Return the commit by which rows changed."""
        return decode_commit(self.contest_id, self.payload)


class HiddenUsers(NamedTuple):
    """A part of the hidden users of a contest."""

    users: list[HiddenUser]
    cursor: int
    """Where the next part begins; 0 after the last one."""


class ModerationStore:
    """Removes, hides and erases users. Lives as long as the store.

    Raises:
        StoreFailure: From every method: the store is away.
    """

    def __init__(self, contest_scripts: ContestScripts, history_changes: int) -> None:
        """Run scripts; `history_changes` is how many changes of a contest the log keeps."""
        self._scripts = contest_scripts
        self._history_changes = history_changes

    async def remove(self, contest_id: str, user_ids: Sequence[str]) -> ModerationReply:
        """Remove 1 to 1,000 users; count those that had a score."""
        return await self._change(scripts.REMOVE_USERS, contest_id, user_ids)

    async def hide(self, contest_id: str, user_ids: Sequence[str]) -> ModerationReply:
        """Hide 1 to 1,000 users; count those that were not hidden."""
        return await self._change(scripts.HIDE_USERS, contest_id, user_ids)

    async def unhide(self, contest_id: str, user_ids: Sequence[str]) -> ModerationReply:
        """End the hiding of 1 to 1,000 users; count those that were hidden."""
        return await self._change(scripts.UNHIDE_USERS, contest_id, user_ids)

    async def erase(self, contest_id: str, user_id: str) -> ModerationReply:
        """Erase a user; count 1 if the contest held it."""
        return await self._change(scripts.ERASE_USER, contest_id, (user_id,))

    async def hidden(self, contest_id: str, cursor: int, count: int) -> HiddenUsers:
        """Read about `count` hidden users from a cursor on, 0 for the first ones.

        Between two calls users may move: one may come twice, but none that stays hidden is missing.
        """
        more_keys = (keys.hidden(contest_id),)
        _, (rules_text, next_cursor, *fields) = await self._scripts.read(
            scripts.HIDDEN_USERS, contest_id, cursor, count, more_keys=more_keys
        )
        rules = decode_rules(rules_text)
        users = [
            _decode_hidden(rules, *fields[first : first + _FIELDS_OF_HIDDEN])
            for first in range(0, len(fields), _FIELDS_OF_HIDDEN)
        ]
        return HiddenUsers(users, int(next_cursor))

    async def _change(
        self, script: scripts.Script, contest_id: str, user_ids: Sequence[str]
    ) -> ModerationReply:
        position, (count, payload) = await self._scripts.write(
            script, contest_id, self._history_changes, *user_ids
        )
        return ModerationReply(contest_id, UsersChanged(int(count), position), payload)


def _decode_hidden(rules: Rules, user_id: bytes, score: bytes, entry: bytes) -> HiddenUser:
    name, attributes = decode_profile(entry[TIE_KEY_LENGTH:].decode())
    shown = decode_score(rules, score) if score else None
    return HiddenUser(user_id.decode(), shown, name, attributes)
