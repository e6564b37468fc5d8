"""Tells of the updates that a buffer could not deliver."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from leaderboard_client.errors import LeaderboardError
from leaderboard_client.score_update import ScoreUpdate
from leaderboard_client.update_rules import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leaderboard_client.batch import Refused

OnError: TypeAlias = Callable[[ScoreUpdate, LeaderboardError], object]
"""Is told of an update that was refused for good, and why."""

_LONGEST_REASON = 500
_log = logging.getLogger("leaderboard_client")


class Teller:
    """Tells of refused updates, one at a time; used by any number of threads."""

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
        self._lock = threading.RLock()
        self._thread: int | None = None

    @property
    def is_caller(self) -> bool:
        """Tell that `on_error` is what calls: it can't wait for the telling to end."""
        return self._thread == threading.get_ident()

    def tell(self, refused: Iterable[Refused]) -> None:
        """Tell of each update; who is told may fail."""
        for update, error in refused:
            with self._lock:
                before, self._thread = self._thread, threading.get_ident()
                try:
                    self._on_error(update, error)
                except KeyboardInterrupt:
                    raise
                except BaseException:  # noqa: BLE001 (whatever it is, the others must be told)
                    _log.exception("on_error failed")
                finally:
                    self._thread = before


def _logged(update: ScoreUpdate, error: LeaderboardError) -> None:
    # Names are what callers were given: they must not look like lines of the log.
    contest_id, user_id = shown(update.contest_id), shown(update.user_id)
    why = shown(str(error), _LONGEST_REASON)
    _log.error("%s: points for %s were refused: %s", contest_id, user_id, why)
