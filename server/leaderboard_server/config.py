"""Settings of a server: one validated, frozen object."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from leaderboard_server.embedded_valkey import default_max_memory
from leaderboard_server.setting_types import (
    VARIABLE_PREFIX,
    Address,
    CommandSettings,
    ExposedSecret,
    FilePath,
    shown,
)
from leaderboard_server.storage.store_url import holds_password, holds_secret

ADDRESS = "127.0.0.1:50051"
DAY_S = 86_400
MIN_EMBEDDED_MEMORY = 1 << 20
"""What an empty store takes; a smaller number is meant in another unit."""
STORE_SCHEMES = (
    *("redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"),
    "unix",
)


def _workers(value: int) -> int:
    if value > 1 and sys.platform != "linux":
        raise ValueError("more than one needs Linux, which spreads the connections of a port")
    return value


def _max_memory(value: int) -> int:
    if 0 < value < MIN_EMBEDDED_MEMORY:
        raise ValueError(f"must be 0, or {MIN_EMBEDDED_MEMORY} bytes or more")
    return value


def _store_url(value: SecretStr) -> SecretStr:
    if value.get_secret_value().partition("://")[0] not in STORE_SCHEMES:
        *most, last = STORE_SCHEMES
        raise ValueError(f"must begin with {'://, '.join(most)}:// or {last}://")
    return value


class Config(CommandSettings):
    """The settings that a server starts with."""

    model_config = SettingsConfigDict(env_prefix=VARIABLE_PREFIX)

    config: FilePath | None = Field(default=None, json_schema_extra=shown("FILE", "none"))
    """TOML file with settings, by the names of the variables in lower case and without prefix; see
    [the file of settings](operations.md#the-file-of-settings)."""

    address: Address = Field(default=ADDRESS, json_schema_extra=shown("HOST:PORT"))
    """Address to listen on. Client certificates are the only authentication: keep the server on
    loopback, in a network of its own, or behind a proxy that authenticates callers."""

    listener: Literal["auto", "front", "grpcio"] = "auto"
    """Listener to serve with: `front` (the fast one, a Rust extension that `make front` installs),
    `grpcio`, or `auto` for the front where it is installed."""

    workers: Annotated[int, Field(ge=1, le=256), AfterValidator(_workers)] = 1
    """Number of server processes, each on a core of its own. Limits, windows and watchers are per
    worker; see [workers](operations.md#workers)."""

    tls_cert: FilePath | None = Field(default=None, json_schema_extra=shown("FILE", "none: no TLS"))
    """PEM file with the certificate of the server and its intermediate certificates. The TLS files
    are read again when they change; see [TLS](operations.md#tls)."""

    tls_key: FilePath | None = Field(
        default=None, validate_default=True, json_schema_extra=shown("FILE", "none: no TLS")
    )
    """PEM file with the key of the certificate, without a password."""

    tls_client_ca: FilePath | None = Field(
        default=None, json_schema_extra=shown("FILE", "none: certificates are not required")
    )
    """PEM file with the CA certificates used to verify client certificates. With it, callers
    without a valid certificate are rejected."""

    redis_url: Annotated[SecretStr, AfterValidator(_store_url)] | None = Field(
        default=None, json_schema_extra=shown("URL", "none: the embedded store")
    )
    """URL of a Redis (7.0 or later) or Valkey store: `redis://`, `rediss://`, `unix://`,
    `redis+sentinel://` or `rediss+sentinel://` ([Sentinel](operations.md#sentinel)), `redis+cluster://`
    or `rediss+cluster://` ([cluster](cluster.md)). Pass a URL with a password as the environment
    variable, because other users can see command lines."""

    redis_password_file: FilePath | None = Field(
        default=None, json_schema_extra=shown("FILE", "none: the password is in the URL, if any")
    )
    """File with the password of the user of `--redis-url`, whose URL then has none. It is read at
    the start and for each new connection; see
    [the password of the store](operations.md#the-password-of-the-store)."""

    data_dir: FilePath = Field(
        default_factory=lambda: user_data_path("leaderboard"),
        json_schema_extra=shown(
            "FOLDER", "the user's data folder, on Linux `~/.local/share/leaderboard`"
        ),
    )
    """Data folder of the embedded store."""

    embedded_max_memory: Annotated[int, Field(ge=0, le=1 << 50), AfterValidator(_max_memory)] = (
        Field(
            default_factory=default_max_memory,
            json_schema_extra=shown(
                "BYTES", "half of the memory of the machine, or of its control group"
            ),
        )
    )
    """Memory of the embedded store in bytes, from which on it is full: writes are refused with
    `STORE_FULL`, and reads go on. 0 for no limit; then the system may kill the store."""

    history_changes: int = Field(default=10_000, ge=100, le=1_000_000)
    """Minimum number of changes kept for each contest, from which watchers resume. Each takes about
    150 bytes of the store, and 0.5 kB of the server while the contest is watched."""

    request_retention_s: int = Field(default=DAY_S, ge=60, le=30 * DAY_S)
    """Minimum time in seconds for which a request id is remembered. Each takes about 150 bytes of
    the store for up to twice that time. All servers of a store need the same value."""

    auto_create: Literal["on", "off"] = "on"
    """Whether a contest begins with its first score: `on` or `off`. With `off` it has to be created
    before, and updates of other contests fail with `CONTEST_NOT_FOUND`."""

    watch_write_timeout_s: int = Field(default=30, ge=5, le=300)
    """Time in seconds after which a watcher that accepts no data is disconnected."""

    max_calls: int = Field(default=1_000, ge=1, le=100_000)
    """Maximum number of unary calls in flight in each worker. Further calls are refused with
    `OVERLOADED`, except health checks."""

    max_calls_per_connection: int = Field(
        default_factory=lambda valid: max(1, valid["max_calls"] // 4),
        ge=1,
        le=100_000,
        json_schema_extra=shown(None, "a quarter of `--max-calls`"),
    )
    """Maximum number of unary calls in flight of one connection. Further calls of it are refused
    with `OVERLOADED`. For a proxy that sends the calls of many callers over one connection, raise
    it up to `--max-calls`."""

    max_watchers: int = Field(default=10_000, ge=1, le=1_000_000)
    """Maximum number of open watches in each worker. Further ones are refused with `OVERLOADED`.
    Each client connection takes a file descriptor."""

    metrics_address: Address | None = Field(
        default=None, json_schema_extra=shown("HOST:PORT", "none: no metrics")
    )
    """Address to serve metrics and health probes on, over plain HTTP and without authentication:
    keep it on loopback or in a network of its own; see
    [metrics and health](operations.md#metrics-and-health)."""

    reflection: Literal["on", "off"] = "on"
    """Whether the server describes its services to tools such as grpcurl: `on` or `off`."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Minimum severity of the log on standard error: `debug`, `info`, `warning` or `error`."""

    access_log: Literal["off", "errors", "all"] = "off"
    """Ended calls that are logged: `off` for none, `errors` for those with another code than OK, or
    `all`; see [the access log](operations.md#the-access-log)."""

    @classmethod
    def exposed_secret(cls, values: Mapping[str, Any]) -> ExposedSecret | None:
        """Return what to say if the URL of the store has a secret."""
        url = values.get("redis_url")
        if not isinstance(url, str) or not holds_secret(url):
            return None
        return ExposedSecret(
            "it holds a password, and every user of this machine can read it",
            "chmod o-r, or --redis-password-file",
        )

    @field_validator("redis_password_file")
    @classmethod
    def _of_a_user(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        url: SecretStr | None = info.data.get("redis_url")
        if value and url and holds_password(url.get_secret_value()):
            raise ValueError("--redis-url has a password too")
        if value and not url and "redis_url" in info.data:  # else it has an error of its own
            raise ValueError("needs --redis-url")
        return value
