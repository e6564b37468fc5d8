"""Types of settings, and how help and docs show them, for all commands that run a server."""

from abc import abstractmethod
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import AfterValidator, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MAX_PORT = 65_535
VARIABLE_PREFIX = "LEADERBOARD_"
"""The beginning of all variables; alone, of those of `leaderboard serve`."""
WEB_VARIABLE_PREFIX = "LEADERBOARD_WEB_"
"""The beginning of the variables of `leaderboard web`."""


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > MAX_PORT:
        raise ValueError("must be HOST:PORT")
    return value


Address = Annotated[str, AfterValidator(_address)]
"""An address to listen on, HOST:PORT."""

FilePath = Annotated[Path, AfterValidator(Path.expanduser)]
"""A path, in which `~` is the user's home."""


def is_loopback(address: str) -> bool:
    """Return whether an address, HOST:PORT, is certain to be reachable from this machine alone."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def shown(
    metavar: str | None, default: str | None = None, *, variable_only: bool = False
) -> dict[str, Any]:
    """Return how help and docs show a setting: its placeholder, and its default in words.

    Args:
        metavar: The placeholder. None: help shows the type.

        default: The default in words. None: the default itself.

        variable_only: Whether the setting has no option, as a secret: others see command lines.
    """
    return {"metavar": metavar, "default": default, "variable_only": variable_only}


class ExposedSecret(NamedTuple):
    """What to say of a file of settings that holds a secret and is readable for all users."""

    reason: str
    to_do: str


class CommandSettings(BaseSettings):
    """The settings of a command that runs a server; the docstring of each is its help text.

    A setting is declared once, in a subclass; what help and docs show of it is made from the
    declaration (`settings_list.py`). A subclass sets `env_prefix`.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    if TYPE_CHECKING:  # each subclass declares these, in its own order and with its own help
        address: str
        tls_cert: Path | None
        metrics_address: str | None
        log_level: str

    @field_validator("tls_key", check_fields=False)
    @classmethod
    def _with_its_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) != (info.data.get("tls_cert") is None):
            raise ValueError("--tls-cert and --tls-key need each other")
        return value

    @field_validator("tls_client_ca", check_fields=False)
    @classmethod
    def _with_tls(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value and not info.data.get("tls_cert"):
            raise ValueError("needs --tls-cert and --tls-key")
        return value

    @classmethod
    @abstractmethod
    def exposed_secret(cls, values: Mapping[str, Any]) -> ExposedSecret | None:
        """Return what to say if one of some values, as a file has them, is secret."""

    @property
    def is_exposed(self) -> bool:
        """Whether the address is reachable from other machines without TLS."""
        return not self.tls_cert and not is_loopback(self.address)

    @property
    def exposes_metrics(self) -> bool:
        """Whether the metrics are reachable from other machines."""
        return self.metrics_address is not None and not is_loopback(self.metrics_address)
