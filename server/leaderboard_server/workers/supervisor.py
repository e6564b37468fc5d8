"""Keeps workers running: starts them, replaces those that end, and stops them all."""

import asyncio
import contextlib
import signal

import structlog
from pydantic import SecretStr

from leaderboard_server.config import Config
from leaderboard_server.embedded_valkey import EmbeddedStore
from leaderboard_server.startup_errors import CANT_START
from leaderboard_server.transport.choice import choose
from leaderboard_server.workers.address import reserved_address
from leaderboard_server.workers.process import Worker

_log = structlog.get_logger()

FIRST_DELAY_S = 0.1
LAST_DELAY_S = 5.0
"""How long a worker that fails again and again stays away at most."""

STEADY_AFTER_S = 10.0
"""A worker that ran for this long does not fail again and again: it is replaced at once."""

_GOOD_ENDS = (0, -signal.SIGTERM)
"""A worker that is asked to stop while it starts doesn't know yet what to do about a signal."""


async def supervise(config: Config) -> int:
    """Run workers until SIGTERM or SIGINT, then stop them all.

    Returns:
        The exit code: of the first worker if it could not start, else 0, or 1 if one did not stop
        in good order.

    Raises:
        FrontMissing: The front was asked for and is not installed.

        OSError: The address can't be listened on.

        EmbeddedStoreError: The embedded store can't be started.
    """
    choose(config.listener)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stopping.set)
    async with contextlib.AsyncExitStack() as stack:
        config = await _settings(config, stack)
        first = await Worker.start(config)
        if not await first.serves():
            return max(await first.ended(), CANT_START)
        _log.info("workers_serving", address=config.address, workers=config.workers)
        others: list[Worker | None] = [None] * (config.workers - 1)
        places = [asyncio.create_task(_keep_running(config, one)) for one in (first, *others)]
        await stopping.wait()
        _log.info("workers_stopping")
        for number in signals:
            # Whoever asks a second time doesn't want to wait; nor do the workers, see `__main__`.
            loop.remove_signal_handler(number)
        for place in places:
            place.cancel()
        codes = await asyncio.gather(*places)
    _log.info("workers_stopped")
    return 0 if all(code in _GOOD_ENDS for code in codes) else 1


async def _settings(config: Config, stack: contextlib.AsyncExitStack) -> Config:
    """Take what the workers share, and return their settings."""
    changed: dict[str, object] = {"address": stack.enter_context(reserved_address(config.address))}
    if not config.redis_url:
        store = await stack.enter_async_context(EmbeddedStore(config.data_dir))
        changed["redis_url"] = SecretStr(store.url)
    return config.model_copy(update=changed)


async def _keep_running(config: Config, worker: Worker | None) -> int:
    """Keep one place filled until this is cancelled; then stop the worker and return its code."""
    clock = asyncio.get_running_loop().time
    delay = 0.0
    try:
        while True:
            started = clock()
            try:
                worker = worker or await Worker.start(config)
            except OSError as error:
                _log.error("worker_start_failed", reason=str(error), restart_in_s=delay)
            else:
                code = await worker.ended()
                if clock() - started > STEADY_AFTER_S:
                    delay = 0.0
                _log.error("worker_ended", worker=worker.pid, exit_code=code, restart_in_s=delay)
            worker = None
            await asyncio.sleep(delay)
            delay = min(max(2 * delay, FIRST_DELAY_S), LAST_DELAY_S)
    except asyncio.CancelledError:
        return await worker.stop() if worker else 0
