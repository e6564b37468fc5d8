"""Settings of the web gateway: one validated, frozen object."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from leaderboard_server.setting_types import (
    WEB_VARIABLE_PREFIX,
    Address,
    CommandSettings,
    ExposedSecret,
    FilePath,
    shown,
)

ADDRESS = "127.0.0.1:8080"
MAX_INTERVAL_MS = 60_000


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _origins(value: str) -> str:
    for origin in _parts(value):
        parts = urlsplit(origin)
        if origin not in ("*", f"{parts.scheme}://{parts.netloc}"):
            raise ValueError("must be * or origins such as https://a.example, with a comma between")
    return value


def _networks(value: str) -> str:
    for network in _parts(value):
        ip_network(network)
    return value


class WebConfig(CommandSettings):
    """The settings that a web gateway starts with, besides those of its connection to servers."""

    model_config = SettingsConfigDict(env_prefix=WEB_VARIABLE_PREFIX)

    config: FilePath | None = Field(default=None, json_schema_extra=shown("FILE", "none"))
    """TOML file with settings, by the names of the variables in lower case and without prefix."""

    address: Address = Field(default=ADDRESS, json_schema_extra=shown("HOST:PORT"))
    """Address to listen on, over HTTP/1.1, or over HTTPS with --tls-cert."""

    tls_cert: FilePath | None = Field(default=None, json_schema_extra=shown("FILE", "none: no TLS"))
    """PEM file with the certificate of the gateway and its intermediate certificates. The TLS files
    are read again when they change."""

    tls_key: FilePath | None = Field(
        default=None, validate_default=True, json_schema_extra=shown("FILE", "none: no TLS")
    )
    """PEM file with the key of the certificate, without a password."""

    tls_client_ca: FilePath | None = Field(
        default=None, json_schema_extra=shown("FILE", "none: certificates are not required")
    )
    """PEM file with the CA certificates used to verify client certificates. With it, callers
    without a valid certificate are rejected."""

    origins: Annotated[str, AfterValidator(_origins)] = Field(
        default="", json_schema_extra=shown("ORIGINS", "none: pages of the gateway alone")
    )
    """Origins of other pages that may read boards, watch contests and embed boards, with a comma
    between, such as `https://a.example`; `*` for all."""

    viewer_token: SecretStr | None = Field(
        default=None,
        json_schema_extra=shown(None, "none: everyone may read", variable_only=True),
    )
    """Token that callers need to read boards and watch contests."""

    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        default="", json_schema_extra=shown("ADDRESSES", "none")
    )
    """Addresses or networks of reverse proxies, with a comma between: their headers
    `X-Forwarded-For` and `X-Forwarded-Proto` name the caller."""

    min_interval_ms: int = Field(default=250, ge=0, le=MAX_INTERVAL_MS)
    """Minimum time in milliseconds between two messages of changes to a browser; the changes in
    between are merged."""

    max_connections: int = Field(default=10_000, ge=1, le=1_000_000)
    """Maximum number of open connections. Further ones are closed."""

    max_watches: int = Field(default=10_000, ge=1, le=1_000_000)
    """Maximum number of open WebSockets. Further ones are refused with status 503."""

    max_watches_per_address: int = Field(
        default_factory=lambda valid: max(1, valid["max_watches"] // 4),
        ge=1,
        le=1_000_000,
        json_schema_extra=shown(None, "a quarter of `--max-watches`"),
    )
    """Maximum number of open WebSockets of one address. Further ones are refused with status
    429."""

    max_groups: int = Field(default=1_000, ge=1, le=100_000)
    """Maximum number of watches of the service. WebSockets with the same contest and limit share
    one. Further ones are refused with status 503."""

    rate: int = Field(default=100, ge=1, le=1_000_000)
    """Maximum number of requests per second of one address, with bursts of twice as many. Further
    ones are refused with status 429."""

    metrics_address: Address | None = Field(
        default=None, json_schema_extra=shown("HOST:PORT", "none: no metrics")
    )
    """Address to serve metrics and health probes on, over plain HTTP and without authentication:
    keep it on loopback or in a network of its own."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Minimum severity of the log on standard error: `debug`, `info`, `warning` or `error`."""

    access_log: Literal["off", "errors", "all"] = "off"
    """Ended requests that are logged: `off` for none, `errors` for those with status 400 or higher,
    or `all`."""

    @field_validator("viewer_token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not re.fullmatch("[!-~]+", token.get_secret_value()):
            raise ValueError("must be visible ASCII characters without spaces, at least one")
        return token

    @classmethod
    def exposed_secret(cls, values: Mapping[str, Any]) -> ExposedSecret | None:
        """Return what to say if there is a viewer token."""
        if "viewer_token" not in values:
            return None
        return ExposedSecret(
            "it holds a token, and every user of this machine can read it",
            "chmod o-r, or LEADERBOARD_WEB_VIEWER_TOKEN",
        )

    @property
    def origin_list(self) -> list[str]:
        """The origins of other pages, in lower case; `*` for all."""
        return [origin.lower() for origin in _parts(self.origins)]

    @property
    def trusted_proxy_list(self) -> list[str]:
        """The addresses and networks of reverse proxies."""
        return _parts(self.trusted_proxies)
