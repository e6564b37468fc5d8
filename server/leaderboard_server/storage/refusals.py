"""Turns failed calls of the store into errors of the service, and logs what the store refuses."""

import time
from collections.abc import Callable

import structlog
from redis import exceptions

from leaderboard_server.domain.errors import StoreCause, StoreFailure, StoreFull, StoreUnavailable

_log = structlog.get_logger()

QUIET_S = 5.0
"""How long the store has to refuse nothing for a cause until that counts as over. At the brim of
its memory it refuses one call and accepts the next."""

_FULL = "full"
_BY_TEXT = {
    "OOM": _FULL,
    "READONLY": StoreCause.READ_ONLY,
    "MASTERDOWN": StoreCause.READ_ONLY,
    "LOADING": StoreCause.LOADING,
    "NOREPLICAS": StoreCause.TOO_FEW_REPLICAS,
    "MISCONF": StoreCause.SAVE_FAILED,
    "NEWERSCHEMA": StoreCause.NEWER_SCHEMA,
    "NOPERM": StoreCause.NO_RIGHTS,
    "NOAUTH": StoreCause.NO_RIGHTS,
    "WRONGPASS": StoreCause.NO_RIGHTS,
    # A command within a script, by Redis 7.0 and by later versions and Valkey.
    "ERR The user executing the script": StoreCause.NO_RIGHTS,
    "ERR ACL failure in script": StoreCause.NO_RIGHTS,
}
"""The causes of error replies, by the beginning of their text."""
_BY_TYPE: dict[type[Exception], str] = {
    exceptions.BusyLoadingError: StoreCause.LOADING,
    exceptions.AuthenticationError: StoreCause.NO_RIGHTS,
    exceptions.NoPermissionError: StoreCause.NO_RIGHTS,
    exceptions.TimeoutError: StoreCause.TIMEOUT,
    TimeoutError: StoreCause.TIMEOUT,
    exceptions.ConnectionError: StoreCause.UNREACHABLE,
    OSError: StoreCause.UNREACHABLE,
}
"""The causes of the driver's errors, whose texts have lost the beginning; subclasses come first."""
_LOGGED_BY_MONITOR = (StoreCause.UNREACHABLE, StoreCause.TIMEOUT)


def _cause_of(error: Exception) -> str:
    text = str(error)
    for beginning, cause in _BY_TEXT.items():
        if text.startswith(beginning):
            return cause
    for kind, cause in _BY_TYPE.items():
        if isinstance(error, kind):
            return cause
    return StoreCause.OTHER


def answers_ping(error: Exception) -> bool:
    """Return whether an error is that of a store that can't save, which is its answer to PING.

    Such a store serves reads and delivers messages.
    """
    return _cause_of(error) == StoreCause.SAVE_FAILED


def failure_of(error: Exception) -> StoreUnavailable:
    """Return the error of a call that failed with an error of the driver."""
    cause = _cause_of(error)
    return StoreUnavailable(StoreCause.OTHER if cause == _FULL else StoreCause(cause))


class Refusals:
    """Knows for which causes the store refuses calls at present; each change of that is logged.

    Not each refused call: callers could fill the log's disk.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}
        """When each present cause was observed last."""

    def failure(self, error: Exception, *, sent_before: bool) -> StoreFailure:
        """Observe a failed call, and return its error.

        Args:
            error: The error of the connection.

            sent_before: Whether the call was sent before, and may have been applied then.
        """
        if str(error).startswith("STALE"):
            # The store has refused nothing: a later commit of this server was applied.
            _log.warning("commit_superseded", reason=str(error))
            return StoreUnavailable()
        cause = _cause_of(error)
        if cause not in _LOGGED_BY_MONITOR:
            if cause not in self._last:
                _log.error("store_refused", cause=str(cause), reason=str(error))
            self._last[cause] = self._clock()
        if cause == _FULL and not sent_before:
            return StoreFull()
        return failure_of(error)

    def observe_reply(self) -> None:
        """Observe a call that the store served."""
        if self._last:
            over_before = self._clock() - QUIET_S
            self._last = {cause: at for cause, at in self._last.items() if at > over_before}
            if not self._last:
                _log.info("store_accepted")
