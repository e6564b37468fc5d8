"""Explains a store that does not serve, and runs the checks of a store that packages contribute."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeAlias

from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_client.errors import LeaderboardError

DOCTOR_GROUP = "leaderboard.doctor_checks"
"""The entry points by which other packages add checks of a store: a `StoreCheck` each."""

StoreCheck: TypeAlias = Callable[[str, Path | None], Iterable[Mapping[str, str]]]
"""Checks the store at a URL; the file has the password of its user, where the URL has none.
Returns results with the keys `check`, `verdict` (`OK`, `UNKNOWN`, `WARN` or `FAIL`), `found` and
`to_do`, as `doctor --json` prints them."""

_UNAVAILABLE = "ERROR_REASON_STORE_UNAVAILABLE"
_FULL = "ERROR_REASON_STORE_FULL"
_TO_DO = {
    "unreachable": "start the store, and check --redis-url of the server and the network between",
    "timeout": "the store hangs or is overloaded: look at its SLOWLOG, its disk and its machine",
    "read_only": "the store is a replica: give the server the URL of the primary, or of Sentinel",
    "loading": "the store reads its data after a start: wait, and look at its log",
    "too_few_replicas": "the store has fewer replicas than its min-replicas-to-write: start them",
    "save_failed": "the store can't save its data: look at its log and its disk",
    "no_rights": "the user or password of --redis-url lacks rights: see docs/operations.md, ACL",
}
"""The advice for each cause of a store that is unavailable."""
_LOOK = "look at the store and at the server's log: `store_refused`, `store_ended`"


def advice(error: LeaderboardError) -> str:
    """Return what to do about a call that failed because of the store."""
    if error.reason == _FULL:
        return "the store has no memory left: raise its maxmemory, or remove contests"
    return _TO_DO.get(error.metadata.get("cause", ""), _LOOK)


def finding(error: LeaderboardError, text: str) -> str:
    """Return the text of a failed call, with the cause if the server names one."""
    cause = error.metadata.get("cause", "")
    return f"{text} (cause: {cause})" if error.reason == _UNAVAILABLE and cause else text


def contributed_checks(redis_url: str, password_file: Path | None) -> Iterator[CheckResult]:
    """Yield the results of the checks that other packages make of the store itself."""
    checks = entry_points(group=DOCTOR_GROUP)
    if not checks:
        found = "not checked: the package leaderboard-server is not installed here"
        to_do = "run doctor where the server is installed"
        yield CheckResult("store itself", Verdict.UNKNOWN, found, to_do)
    for entry in checks:
        check: StoreCheck = entry.load()
        for result in check(redis_url, password_file):
            verdict = Verdict[result["verdict"]]
            yield CheckResult(result["check"], verdict, result["found"], result["to_do"])
