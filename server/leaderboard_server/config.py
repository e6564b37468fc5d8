"""The settings of a server: one validated, frozen object.

Each can be given as an environment variable `LEADERBOARD_<NAME>`; the command line goes first.
"""

from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ADDRESS = "127.0.0.1:50051"
MAX_PORT = 65_535
DAY_S = 86_400


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > MAX_PORT:
        raise ValueError("must be HOST:PORT")
    return value


def _store_url(value: SecretStr) -> SecretStr:
    schemes = ("redis", "rediss", "redis+sentinel", "rediss+sentinel", "unix")
    if value.get_secret_value().partition("://")[0] not in schemes:
        raise ValueError(f"must begin with {'://, '.join(schemes[:-1])}:// or {schemes[-1]}://")
    return value


class Config(BaseSettings):
    """What a server needs to know before it starts."""

    model_config = SettingsConfigDict(env_prefix="LEADERBOARD_", frozen=True, extra="forbid")

    address: Annotated[str, AfterValidator(_address)] = ADDRESS
    """HOST:PORT to listen on. Loopback unless told otherwise: the listener has no TLS."""

    listener: Literal["auto", "front", "grpcio"] = "auto"
    """What listens: the front (a Rust extension), grpcio, or the front where it is installed."""

    redis_url: Annotated[SecretStr, AfterValidator(_store_url)] | None = None
    """The store, Redis 7 or later or Valkey: redis://, rediss:// or unix://, or its sentinels, as
    redis+sentinel://HOST:PORT,HOST:PORT/SERVICE or, with TLS, rediss+sentinel://. May hold a
    password, so it is never shown. Without it the embedded store is used."""

    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default_factory=lambda: user_data_path("leaderboard")
    )
    """Where the embedded store keeps its data."""

    history_changes: int = Field(default=10_000, ge=100, le=1_000_000)
    """How many changes of each contest are kept at least; watchers resume within them. About 150
    bytes of the store each, and 0.5 kB of the server for contests that are watched."""

    request_retention_s: int = Field(default=DAY_S, ge=60, le=30 * DAY_S)
    """For how many seconds a request id is remembered at least. Each takes about 150 bytes of the
    store for up to twice that time."""

    watch_write_timeout_s: int = Field(default=30, ge=5, le=300)
    """For how many seconds a watcher may take nothing before it is dropped."""

    max_calls: int = Field(default=1_000, ge=1, le=100_000)
    """How many unary calls may be under way. More only wait: at 2,000 calls a second, which grpcio
    reaches, these take half a second."""

    max_watchers: int = Field(default=10_000, ge=1, le=1_000_000)
    """How many watches may be open."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severity that is logged, to standard error."""
