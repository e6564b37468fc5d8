"""Supervises workers: starts them, replaces those that end, and stops them all."""

import asyncio
import contextlib
import signal
from importlib.metadata import version

import structlog
from pydantic import SecretStr

from leaderboard_server.app import serve_metrics
from leaderboard_server.config import Config
from leaderboard_server.embedded_valkey import EmbeddedStore
from leaderboard_server.open_files import raise_open_files
from leaderboard_server.start_log import log_listener, name_of_store
from leaderboard_server.startup_errors import CANT_START
from leaderboard_server.tasks import BackgroundTask, RestartBackoff
from leaderboard_server.transport.choice import ListenerName, choose
from leaderboard_server.workers.address import reserved_address
from leaderboard_server.workers.fleet import Fleet
from leaderboard_server.workers.worker import Worker

_log = structlog.get_logger()

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
        fleet = Fleet(listener, config.workers)
        shared = await _worker_config(config, listener, fleet, stack)
        if config.metrics_address:
            await _serve_metrics(config.metrics_address, fleet, stack)
        first = await Worker.start(shared)
        fleet.add(first)
        if not await first.reports.first():
            return max(await fleet.ended(first), CANT_START)
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
        others: list[Worker | None] = [None] * (config.workers - 1)
        slots = [
            asyncio.create_task(_fill_slot(fleet, shared, worker)) for worker in (first, *others)
        ]
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
    config: Config, listener: ListenerName, fleet: Fleet, stack: contextlib.AsyncExitStack
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
        fleet.read_embedded_store(store)
        changed["redis_url"] = SecretStr(store.url)
    return config.model_copy(update=changed)


async def _serve_metrics(address: str, fleet: Fleet, stack: contextlib.AsyncExitStack) -> None:
    reports = BackgroundTask(fleet.keep_current, name="worker-reports")
    reports.start()
    stack.push_async_callback(reports.close)
    await serve_metrics(
        address, stack, collect=fleet.up_to_date, unready=fleet.unready, dead=fleet.dead
    )


async def _fill_slot(fleet: Fleet, config: Config, worker: Worker | None) -> int:
    """Keep one worker running until this is cancelled; then stop it and return its exit code."""
    clock = asyncio.get_running_loop().time
    backoff = RestartBackoff()
    try:
        while True:
            started = clock()
            try:
                if worker is None:
                    worker = await Worker.start(config)
                    fleet.add(worker)
            except OSError as error:
                delay = backoff.next_delay(ran_s=0.0)
                _log.error("worker_start_failed", reason=str(error), restart_in_s=delay)
            else:
                code = await fleet.ended(worker)
                delay = backoff.next_delay(clock() - started)
                _log.error("worker_ended", worker=worker.pid, exit_code=code, restart_in_s=delay)
            worker = None
            await asyncio.sleep(delay)
    except asyncio.CancelledError:
        return await fleet.stop(worker) if worker else 0
