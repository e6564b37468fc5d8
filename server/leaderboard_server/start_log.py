"""Logs the start of a server: its version, address, listener, store and limits."""

from importlib.metadata import version

import structlog

from leaderboard_server.config import Config
from leaderboard_server.open_files import OpenFiles
from leaderboard_server.storage.store_name import store_name
from leaderboard_server.transport.choice import ListenerName
from leaderboard_server.transport.listener import Limits

_log = structlog.get_logger()


def log_start(
    config: Config, address: str, listener: ListenerName, limits: Limits, files: OpenFiles
) -> None:
    """Log that a server serves, and a warning if its limit of open files is low."""
    _log.info(
        "serving",
        version=version("leaderboard-server"),
        address=address,
        listener=listener,
        tls=config.tls_cert is not None,
        store=name_of_store(config),
        max_calls=limits.max_calls,
        max_calls_per_connection=limits.max_calls_per_connection,
        max_watchers=limits.max_watchers,
        max_connections=limits.max_connections,
        open_files=files.now,
        open_files_before=files.before,
    )
    if limits.max_watchers > limits.max_connections:
        _log.warning(
            "open_files_low",
            open_files=files.now,
            max_connections=limits.max_connections,
            max_watchers=limits.max_watchers,
            reason="watchers with a connection each can't all connect",
            to_do="raise the hard limit of open files, or lower --max-watchers",
        )


def log_listener(config: Config, chosen: ListenerName) -> None:
    """Log a warning if grpcio serves only because the front is not installed."""
    if config.listener == "auto" and chosen == "grpcio":
        _log.warning(
            "front_missing",
            listener=chosen,
            reason="the fast listener is not installed; grpcio serves a tenth as many calls a"
            " second or fewer",
            to_do="`make front`, or pip install the wheel leaderboard-front; --listener grpcio"
            " keeps grpcio without this line",
        )


def name_of_store(config: Config) -> str:
    """Return where the store is, without anything secret."""
    return store_name(config.redis_url.get_secret_value()) if config.redis_url else "embedded"
