"""The settings of a server: one validated, frozen object.

Each can be given as an environment variable `LEADERBOARD_<NAME>`; the command line goes first.
"""

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ADDRESS = "127.0.0.1:50051"
MAX_PORT = 65_535
DAY_S = 86_400


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > MAX_PORT:
        raise ValueError("must be HOST:PORT")
    return value


def _workers(value: int) -> int:
    if value > 1 and sys.platform != "linux":
        raise ValueError("more than one needs Linux, where connections to one port are spread")
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
    """HOST:PORT to listen on. Loopback unless told otherwise: there is no authentication but by
    client certificates."""

    listener: Literal["auto", "front", "grpcio"] = "auto"
    """What listens: the front (a Rust extension), grpcio, or the front where it is installed."""

    workers: Annotated[int, Field(ge=1, le=256), AfterValidator(_workers)] = 1
    """How many processes serve; each takes a core, and has limits, windows and watchers of its
    own."""

    tls_cert: Annotated[Path, AfterValidator(Path.expanduser)] | None = None
    """The PEM file of the server's certificate and those between it and an authority. It is read
    again when it changes, as are the next two."""

    tls_key: Annotated[Path, AfterValidator(Path.expanduser)] | None = Field(
        default=None, validate_default=True
    )
    """The PEM file of its key, without a password."""

    tls_client_ca: Annotated[Path, AfterValidator(Path.expanduser)] | None = None
    """The PEM file of the authorities that have to have certified each caller; none: callers need
    no certificate."""

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
    """How many unary calls may be under way in each worker. More only wait: at 2,000 calls a
    second, which grpcio reaches, these take half a second."""

    max_watchers: int = Field(default=10_000, ge=1, le=1_000_000)
    """How many watches may be open in each worker."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severity that is logged, to standard error."""

    @field_validator("tls_key")
    @classmethod
    def _with_its_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) != (info.data.get("tls_cert") is None):
            raise ValueError("--tls-cert and --tls-key need each other")
        return value

    @field_validator("tls_client_ca")
    @classmethod
    def _with_tls(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value and not info.data.get("tls_cert"):
            raise ValueError("needs --tls-cert and --tls-key")
        return value

    @property
    def is_exposed(self) -> bool:
        """Whether other machines can read and change what passes: neither loopback nor TLS."""
        host = self.address.rpartition(":")[0].strip("[]")
        if self.tls_cert or host == "localhost":
            return False
        try:
            return not ip_address(host).is_loopback
        except ValueError:
            return True
