"""Supervises workers: starts them, replaces those that end, and stops them all."""

import asyncio
import contextlib
import json
import signal
import sys
from importlib.metadata import version
from typing import Self

import structlog
from pydantic import SecretStr

from leaderboard_server.config import Config
from leaderboard_server.embedded_valkey import EmbeddedStore
from leaderboard_server.open_files import raise_open_files
from leaderboard_server.start_log import log_listener, name_of_store
from leaderboard_server.startup_errors import CANT_START
from leaderboard_server.tasks import RestartBackoff
from leaderboard_server.transport.choice import ListenerName, choose
from leaderboard_server.workers.address import reserved_address

_log = structlog.get_logger()

_STOP_TIMEOUT_S = 20.0
"""How long a worker may take to stop: longer than its own timeouts for calls in flight and for the
commits among them."""

_GRACEFUL_EXITS = (0, -signal.SIGTERM)
"""A worker that gets SIGTERM while it starts has no handler for it yet, and is ended by it."""


async def supervise(config: Config) -> int:
    """Run workers until SIGTERM or SIGINT, then stop them all.

    Returns:
        The exit code: that of the first worker if it could not start, 1 if a worker did not stop
        gracefully, else 0.

    Raises:
        FrontMissing: The front was asked for and is not installed.

        OSError: The address can't be listened on.

        EmbeddedStoreError: The embedded store can't be started.
    """
    listener = choose(config.listener)
    open_files = raise_open_files()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stopping.set)
    async with contextlib.AsyncExitStack() as stack:
        shared = await _worker_config(config, listener, stack)
        first = await _Worker.start(shared)
        if not await first.serves():
            return max(await first.ended(), CANT_START)
        _log.info(
            "workers_serving",
            version=version("leaderboard-server"),
            address=shared.address,
            workers=config.workers,
            store=name_of_store(config),
            open_files=open_files.now,
            open_files_before=open_files.before,
        )
        log_listener(config, listener)
        others: list[_Worker | None] = [None] * (config.workers - 1)
        slots = [asyncio.create_task(_fill_slot(shared, worker)) for worker in (first, *others)]
        await stopping.wait()
        _log.info("workers_stopping")
        for number in signals:
            # A second signal ends this process at once, and so its workers; see `__main__`.
            loop.remove_signal_handler(number)
        for slot in slots:
            slot.cancel()
        codes = await asyncio.gather(*slots)
    _log.info("workers_stopped")
    return 0 if all(code in _GRACEFUL_EXITS for code in codes) else 1


async def _worker_config(
    config: Config, listener: ListenerName, stack: contextlib.AsyncExitStack
) -> Config:
    """Reserve the address and run the store that the workers share; return their settings.

    All workers have the listener that was chosen at the start, also those that replace others.
    """
    address = stack.enter_context(reserved_address(config.address))
    changed: dict[str, object] = {"address": address, "listener": listener}
    if not config.redis_url:
        store = await stack.enter_async_context(
            EmbeddedStore(config.data_dir, max_memory=config.embedded_max_memory)
        )
        changed["redis_url"] = SecretStr(store.url)
    return config.model_copy(update=changed)


async def _fill_slot(config: Config, worker: "_Worker | None") -> int:
    """Keep one worker running until this is cancelled; then stop it and return its exit code."""
    clock = asyncio.get_running_loop().time
    backoff = RestartBackoff()
    try:
        while True:
            started = clock()
            try:
                worker = worker or await _Worker.start(config)
            except OSError as error:
                delay = backoff.next_delay(ran_s=0.0)
                _log.error("worker_start_failed", reason=str(error), restart_in_s=delay)
            else:
                code = await worker.ended()
                delay = backoff.next_delay(clock() - started)
                _log.error("worker_ended", worker=worker.pid, exit_code=code, restart_in_s=delay)
            worker = None
            await asyncio.sleep(delay)
    except asyncio.CancelledError:
        return await worker.stop() if worker else 0


class _Worker:
    """A running worker process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls, config: Config) -> Self:
        """Start a worker, and wait for nothing.

        It gets its settings through a pipe, since they may hold a password and command lines are
        visible to other users. The pipe stays open as long as this process lives: its end makes the
        worker stop, however this process ended.

        Raises:
            OSError: No process can be started.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "leaderboard_server.workers"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # A Ctrl-C in the terminal is for the supervisor, which then stops the workers.
            start_new_session=True,
        )
        assert process.stdin
        process.stdin.write(_encode_settings(config))
        return cls(process)

    async def serves(self) -> bool:
        """Wait until the worker serves, and return True; or False if it ended before."""
        assert self._process.stdout
        return bool(await self._process.stdout.readline())

    async def ended(self) -> int:
        """Wait for the end; return the exit code, negative for the signal that ended it."""
        return await self._process.wait()

    async def stop(self) -> int:
        """Stop the worker gracefully, or kill it if that takes too long; return as `ended`."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                return await self.ended()
        except TimeoutError:
            _log.error("worker_killed", worker=self.pid, after_s=_STOP_TIMEOUT_S)
            self._process.kill()
            return await self.ended()


def _encode_settings(config: Config) -> bytes:
    """Return the settings as a line of JSON, with the values of secrets."""
    secrets = {
        name: value.get_secret_value() for name, value in config if isinstance(value, SecretStr)
    }
    return json.dumps(config.model_dump(mode="json") | secrets).encode() + b"\n"
