"""Reports the updates that a buffer could not deliver, to `on_error` or to the log."""

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
"""Called with an update that was refused for good or given up, and why."""

_MAX_REASON_LENGTH = 500
_log = logging.getLogger("leaderboard_client")


class _ThisThread(threading.local):
    """The reporters whose `on_error` is running in the current thread, the innermost last."""

    def __init__(self) -> None:
        self.reporters: list[ErrorReporter] = []


_this_thread = _ThisThread()


def is_reporting() -> bool:
    """Return whether this thread is inside an `on_error` callback.

    If so, it must not wait for the reports of another buffer, whose callback may in turn wait for
    the reports of this one.
    """
    return bool(_this_thread.reporters)


class ErrorReporter:
    """Reports refused updates, one at a time."""

    def __init__(self, on_error: OnError | None) -> None:
        """Create a reporter.

        Args:
            on_error: The callback. Default: the update is logged.

        Raises:
            ValueError: The callback would have to be awaited.
        """
        called = getattr(on_error, "__call__", None)  # noqa: B004 (an object may be called, too)
        if inspect.iscoroutinefunction(on_error) or inspect.iscoroutinefunction(called):
            raise ValueError("on_error is a coroutine function; it must be a plain one")
        self._on_error = on_error or _log_update

    @property
    def is_caller(self) -> bool:
        """Whether this thread is inside its own callback, so that it can't wait for reports."""
        return self in _this_thread.reporters

    def report(self, update: ScoreUpdate, error: LeaderboardError) -> None:
        """Report an update; errors of the callback are logged.

        Raises:
            KeyboardInterrupt: Raised in the main thread meanwhile; the update has to be reported
                again.
        """
        _this_thread.reporters.append(self)
        try:
            self._on_error(update, error)
        except BaseException as failure:
            interrupted = threading.current_thread() is threading.main_thread()
            if interrupted and isinstance(failure, KeyboardInterrupt):
                raise
            # Nothing else may stop the reports of the other updates, not even an error of the log.
            with suppress(Exception):
                _log.exception("on_error failed")
        finally:
            _this_thread.reporters.pop()


def _log_update(update: ScoreUpdate, error: LeaderboardError) -> None:
    # Ids come from callers: quoted and escaped, they can't forge lines of the log.
    contest_id, user_id = shown(update.contest_id), shown(update.user_id)
    why = shown(str(error), _MAX_REASON_LENGTH)
    _log.error("%s: points for %s were refused: %s", contest_id, user_id, why)
