"""Checks the store for `leaderboard doctor`, as a server does at its start."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from leaderboard_server.storage.connection import StoreUrlInvalid
from leaderboard_server.storage.password_file import PasswordFileUnusable
from leaderboard_server.storage.store_checks import Severity, check, inspect_store
from leaderboard_server.storage.store_facts import StoreFacts
from leaderboard_server.storage.store_name import store_name

_VERDICTS = {Severity.ERROR: "FAIL", Severity.WARNING: "WARN", Severity.INFO: "UNKNOWN"}
_CHECK = "store itself"


def check_store(url: str, password_file: Path | None) -> list[dict[str, str]]:
    """Return the results of all checks of the store at a URL, whose secrets are not shown."""
    try:
        facts = asyncio.run(inspect_store(url, password_file))
    except StoreUrlInvalid as error:
        return [_result(_CHECK, "FAIL", str(error), "see docs/configuration.md, --redis-url")]
    except PasswordFileUnusable as error:
        return [_result(_CHECK, "FAIL", str(error), "check --redis-password-file")]
    except OSError as error:
        found = f"{store_name(url)} does not serve: {error}"
        to_do = "start the store, or check its address, user and password"
        return [_result(_CHECK, "FAIL", found, to_do)]
    return [_result(_CHECK, "OK", f"{store_name(url)} is {_words(facts)}"), *_findings(facts)]


def _findings(facts: StoreFacts) -> Iterator[dict[str, str]]:
    for found in check(facts):
        verdict = _VERDICTS[found.severity]
        yield _result(f"store {found.subject}", verdict, found.reason, found.to_do)


def _words(facts: StoreFacts) -> str:
    role = {True: "primary", False: "replica", None: "role unknown"}[facts.is_primary]
    settings = [f"{name} {value}" for name, value in facts.settings if value is not None]
    return ", ".join([facts.version or "of an unknown version", role, *settings])


def _result(name: str, verdict: str, found: str, to_do: str = "") -> dict[str, str]:
    return {"check": name, "verdict": verdict, "found": found, "to_do": to_do}
