"""Types of settings, and how help and docs show them, for all commands that run a server."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator
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


class CommandSettings(BaseSettings):
    """The settings of a command that runs a server; the docstring of each is its help text.

    A setting is declared once, in a subclass; what help and docs show of it is made from the
    declaration (`settings_list.py`). A subclass sets `env_prefix`.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @classmethod
    def has_secret(cls, values: Mapping[str, Any]) -> bool:
        """Return whether one of some values, as a file has them, is secret."""
        raise NotImplementedError
