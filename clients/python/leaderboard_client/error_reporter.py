"""Tells of the updates that a buffer could not deliver."""

import inspect
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from leaderboard_client.errors import LeaderboardError
from leaderboard_client.score_update import ScoreUpdate
from leaderboard_client.update_rules import shown

OnError: TypeAlias = Callable[[ScoreUpdate, LeaderboardError], object]
"""Is told of an update that was refused for good, and why."""

_LONGEST_REASON = 500
_log = logging.getLogger("leaderboard_client")


class _Here(threading.local):
    """Who calls its `on_error` in the present thread, one within the other."""

    def __init__(self) -> None:
        self.tellers: list[Teller] = []


_here = _Here()


def is_telling() -> bool:
    """Tell that the `on_error` of any buffer calls.

    It can't wait for the telling of another buffer, whose `on_error` may wait for this one's.
    """
    return bool(_here.tellers)


class Teller:
    """Tells of refused updates, one at a time."""

    def __init__(self, on_error: OnError | None) -> None:
        """Prepare to tell.

        Args:
            on_error: Who is told. Default: the log.

        Raises:
            ValueError: It would have to be awaited.
        """
        called = getattr(on_error, "__call__", None)  # noqa: B004 (an object may be called, too)
        if inspect.iscoroutinefunction(on_error) or inspect.iscoroutinefunction(called):
            raise ValueError("on_error is a coroutine function; it must be a plain one")
        self._on_error = on_error or _logged

    @property
    def is_caller(self) -> bool:
        """Tell that its `on_error` is what calls: it can't wait for the telling to end."""
        return self in _here.tellers

    def tell(self, update: ScoreUpdate, error: LeaderboardError) -> None:
        """Tell of an update; who is told may fail.

        Raises:
            KeyboardInterrupt: It came to the main thread meanwhile; the update is to be told again.
        """
        _here.tellers.append(self)
        try:
            self._on_error(update, error)
        except BaseException as failure:
            interrupted = threading.current_thread() is threading.main_thread()
            if interrupted and isinstance(failure, KeyboardInterrupt):
                raise
            # Whatever it is, and be it the log itself that fails: the others must be told.
            with suppress(Exception):
                _log.exception("on_error failed")
        finally:
            _here.tellers.pop()


def _logged(update: ScoreUpdate, error: LeaderboardError) -> None:
    # Names are what callers were given: they must not look like lines of the log.
    contest_id, user_id = shown(update.contest_id), shown(update.user_id)
    why = shown(str(error), _LONGEST_REASON)
    _log.error("%s: points for %s were refused: %s", contest_id, user_id, why)
