"""The password of the store's user from a file, read again for each new connection.

So a password is changed without a restart: in the store, then in the file. Connections that are
open stay open, and the next one uses the new password.
"""

import stat
from pathlib import Path

import structlog
from redis.credentials import CredentialProvider

_log = structlog.get_logger()

MAX_BYTES = 65_536
"""The most that a file may hold; a larger one is no password."""


class PasswordFileUnusable(Exception):
    """The password can't be read from the file."""


class PasswordFile(CredentialProvider):
    """Gives the driver the user and the password when it opens a connection.

    While the file can't be read, as in the middle of its replacement, the earlier password is used.
    """

    def __init__(self, path: Path, user: str | None) -> None:
        """Read the password.

        Raises:
            PasswordFileUnusable: It can't be read.
        """
        self._path = path
        self._user = user
        self._password = read_password(path)
        self._problem: str | None = None

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """Return the user, unless it is the default one, and the current password."""
        self._renew()
        return (self._user, self._password) if self._user else (self._password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """Return as `get_credentials`: the driver has a method for each kind of client."""
        return self.get_credentials()

    def _renew(self) -> None:
        """Read the file; log each change of its password or of what is wrong with it."""
        problem = None
        try:
            password = read_password(self._path)
        except PasswordFileUnusable as error:
            password, problem = self._password, str(error)
        if problem and problem != self._problem:
            _log.error("password_unusable", reason=problem, in_use="the earlier one")
        elif password != self._password:
            _log.info("password_renewed", file=str(self._path))
        self._password, self._problem = password, problem


def read_password(path: Path) -> str:
    """Return the text of a file without the newline at its end.

    Raises:
        PasswordFileUnusable: It can't be read, is no regular file, is empty or is not UTF-8.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe could be read once only, and block
            raise PasswordFileUnusable(f"{path} is no regular file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PasswordFileUnusable(f"can't read {path}: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise PasswordFileUnusable(f"{path} is longer than {MAX_BYTES:,} bytes")
    try:
        password = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise PasswordFileUnusable(f"{path} is not UTF-8") from None
    if not password:
        raise PasswordFileUnusable(f"{path} is empty")
    return password
