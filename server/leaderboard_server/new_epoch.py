"""The command `leaderboard new-epoch`, for a store whose data were restored."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any

import typer
from prometheus_client import CollectorRegistry

from leaderboard_server.config import Config
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.embedded_valkey import DataFolderInUse, EmbeddedStore, EmbeddedStoreError
from leaderboard_server.load_config import ConfigInvalid, load_config
from leaderboard_server.logs import configure_logs
from leaderboard_server.metrics.instruments import Instruments
from leaderboard_server.storage.backend import Backend, open_backend
from leaderboard_server.storage.connection import StoreUrlInvalid
from leaderboard_server.storage.contests import contest_ids
from leaderboard_server.storage.instruments import StoreInstruments
from leaderboard_server.storage.password_file import PasswordFileUnusable
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.storage.store_connection import StoreConnection
from leaderboard_server.storage.store_name import store_name

EXAMPLES = """Examples:

- `leaderboard new-epoch --dry-run`: counts the contests of the embedded store

- `leaderboard new-epoch --data-dir ./data --yes`: gives each of them a new epoch

- `LEADERBOARD_REDIS_URL=redis://redis.example leaderboard new-epoch chess`: one contest of another
store
"""
"""The end of the help text, in Markdown; the `leaderboard` command reads it."""

_AT_ONCE = 100
"""Contests whose epochs begin at the same time; the store syncs them to its disk together."""

_FAILED, _BAD_OPTION, _NOT_FOUND, _UNAVAILABLE = 1, 2, 3, 5
"""Exit codes, those of the other commands."""


class _Failure(Exception):
    """Ends the command with a line and an exit code."""

    def __init__(self, reason: str, exit_code: int) -> None:
        super().__init__(reason)
        self.exit_code = exit_code


def new_epoch(
    contests: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONTEST", help="The contests. [default: all]"),
    ] = None,
    *,
    config: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_CONFIG",
            metavar="FILE",
            help="TOML file with settings, as for `serve`.",
        ),
    ] = None,
    redis_url: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_REDIS_URL",
            metavar="URL",
            help="URL of the store, as for `serve`. [default: none: the embedded store]",
        ),
    ] = None,
    redis_password_file: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_REDIS_PASSWORD_FILE",
            metavar="FILE",
            help="File with the password of the user of --redis-url, as for `serve`.",
        ),
    ] = None,
    data_dir: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_DATA_DIR",
            metavar="FOLDER",
            help="Data folder of the embedded store, as for `serve`; a server may run on it.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Give contests a new epoch, after the store was restored from a backup.

    Servers can't notice a restore that happened while none ran: callers and watchers would take
    new changes for old ones of the same revision. With a new epoch they reload their boards.
    """
    given = {
        "config": config,
        "redis_url": redis_url,
        "redis_password_file": redis_password_file,
        "data_dir": data_dir,
    }
    try:
        settings = _config({name: value for name, value in given.items() if value is not None})
        configure_logs("warning")
        store = _name(settings)
        if not (dry_run or yes):
            _confirm(contests, store)
        count = asyncio.run(_run(settings, contests or (), dry_run=dry_run))
    except _Failure as failure:
        typer.echo(f"error: {failure}", err=True)
        raise typer.Exit(failure.exit_code) from None
    verb = "would begin" if dry_run else "began"
    number = f"{count:,} {'contest' if count == 1 else 'contests'}"
    typer.echo(f"{verb} a new epoch in {number} of {store}")


def _config(options: dict[str, Any]) -> Config:
    try:
        return load_config(Config, options).config
    except ConfigInvalid as error:
        raise _Failure("; ".join(error.problems), _BAD_OPTION) from None


def _name(config: Config) -> str:
    """Name the store, without user and password."""
    if not config.redis_url:
        return f"the embedded store in {config.data_dir}"
    try:
        url = config.redis_url.get_secret_value()
        # Only checks the settings: nothing is opened before the first command.
        open_backend(url, config.redis_password_file)
        return store_name(url)
    except StoreUrlInvalid as error:
        raise _Failure(f"--redis-url: {error}", _BAD_OPTION) from None
    except PasswordFileUnusable as error:
        raise _Failure(f"--redis-password-file: {error}", _BAD_OPTION) from None


def _confirm(contests: Sequence[str] | None, store: str) -> None:
    if not sys.stdin.isatty():
        raise _Failure("without a terminal to ask on, --yes or --dry-run is needed", _BAD_OPTION)
    which = ", ".join(contests) if contests else "every contest"
    question = f"Begin a new epoch in {which} of {store}? All watchers reload their boards."
    if not typer.confirm(question):
        raise typer.Exit


async def _run(config: Config, contests: Sequence[str], *, dry_run: bool) -> int:
    """Begin the epochs, and return in how many contests.

    Raises:
        _Failure: The store can't be used, or has no such contest; then nothing was changed. In a
            cluster also, if any shard can't be used.
    """
    try:
        async with _opened(config) as (backend, store):
            try:
                return await _begin(backend.reads, store, contests, dry_run=dry_run)
            except StoreUnavailable as error:
                # What is done is done, and to repeat it is harmless.
                cause = ": ".join(filter(None, [error.cause, backend.absence()]))
                reason = f"{_name(config)} is not available ({cause}); repeat the command"
                raise _Failure(reason, _UNAVAILABLE) from None
    except EmbeddedStoreError as error:
        raise _Failure(str(error), _FAILED) from None


async def _begin(
    connection: StoreConnection, store: Store, contests: Sequence[str], *, dry_run: bool
) -> int:
    chosen = list(dict.fromkeys(contests)) or [name async for name in contest_ids(connection)]
    positions = await _for_each(store.position, chosen)
    epochs = {
        contest_id: position.epoch
        for contest_id, position in zip(chosen, positions, strict=True)
        if position.epoch
    }
    if missing := [name for name in contests if name not in epochs]:
        raise _Failure(f"there is no contest {missing[0]!r}", _NOT_FOUND)
    if not dry_run:
        await _for_each(lambda name: store.end_epoch(name, epochs[name]), list(epochs))
    return len(epochs)


async def _for_each(
    call: Callable[[str], Awaitable[Position]], contests: Sequence[str]
) -> list[Position]:
    results = []
    for first in range(0, len(contests), _AT_ONCE):
        some = contests[first : first + _AT_ONCE]
        results += await asyncio.gather(*map(call, some))
    return results


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[tuple[Backend, Store]]:
    """Open the store; the embedded one is started, unless a server runs it."""
    async with AsyncExitStack() as stack:
        url = config.redis_url.get_secret_value() if config.redis_url else None
        url = url or await _embedded_url(config, stack)
        backend = open_backend(url, config.redis_password_file)
        stack.push_async_callback(backend.close)
        instruments = Instruments(CollectorRegistry())  # nothing reads them
        store = Store(
            backend.writes,
            backend.reads,
            Retention(),
            StoreInstruments(instruments),
            in_cluster=backend.in_cluster,
        )
        yield backend, store


async def _embedded_url(config: Config, stack: AsyncExitStack) -> str:
    if not config.data_dir.is_dir():
        raise _Failure(f"--data-dir: there is no folder {config.data_dir}", _BAD_OPTION)
    embedded = EmbeddedStore(config.data_dir, max_memory=config.embedded_max_memory)
    with contextlib.suppress(DataFolderInUse):
        await stack.enter_async_context(embedded)
    return embedded.url
