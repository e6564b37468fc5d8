"""The TLS certificate: read from files, checked, and read again when the files change."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import structlog

from leaderboard_server.tasks import BackgroundTask
from leaderboard_server.transport.listener import Tls

_log = structlog.get_logger()

POLL_S = 0.5
"""Interval of the checks for changed files. A change is read once two checks have seen it, so that
a pair that is being written is not taken for a broken one."""

_KEY_MISMATCH = "KEY_VALUES_MISMATCH"
_NO_PAIR = "they are not a certificate and its key without a password (PEM)"

Stamps: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class TlsUnusable(Exception):
    """The files can't be read or don't hold what they should; the text is for operators."""


@dataclass(frozen=True, kw_only=True)
class TlsFiles:
    """The configured PEM files."""

    chain: Path
    key: Path
    client_ca: Path | None

    def read(self) -> Tls:
        """Read and check the files.

        Raises:
            TlsUnusable: A file can't be read or is broken, or the key is of another certificate.
        """
        chain = _read(self.chain, "--tls-cert")
        key = _read(self.key, "--tls-key")
        client_ca = None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # Without a password OpenSSL would prompt for that of an encrypted key.
            context.load_cert_chain(self.chain, self.key, password="")
        except OSError as error:  # an SSLError is one
            mismatch = isinstance(error, ssl.SSLError) and error.reason == _KEY_MISMATCH
            problem = "they don't belong together" if mismatch else _NO_PAIR
            raise TlsUnusable(f"--tls-cert and --tls-key: {problem}") from error
        if self.client_ca:
            client_ca = _read(self.client_ca, "--tls-client-ca")
            try:
                context.load_verify_locations(self.client_ca)
            except OSError as error:
                raise TlsUnusable("--tls-client-ca: it holds no certificate (PEM)") from error
        return Tls(chain=chain, key=key, client_ca=client_ca)

    def stamps(self) -> Stamps:
        """Return a stamp of each file that changes when it is written or replaced.

        The stamp of a missing file is None.
        """
        return tuple(map(_stamp, (self.chain, self.key, self.client_ca)))


class TlsRenewal:
    """Hands changed files to the listener. Open from `start` to `close`."""

    def __init__(self, files: TlsFiles) -> None:
        """Remember the files as they are now: construct this before they are read."""
        self._files = files
        self._in_use = files.stamps()

    def start(self, renew: Callable[[Tls], None]) -> None:
        """Begin to poll; `renew` accepts a certificate or raises `TlsUnusable`."""
        self._polling = BackgroundTask(partial(self._poll, renew), name="tls-renewal")
        self._polling.start()

    async def close(self) -> None:
        """Stop polling."""
        await self._polling.close()

    async def _poll(self, renew: Callable[[Tls], None]) -> None:
        before = self._in_use
        while True:
            await asyncio.sleep(POLL_S)
            now = await asyncio.to_thread(self._files.stamps)  # files may be on a network
            if now == before != self._in_use:
                self._in_use = now
                await self._renew(renew)
            before = now

    async def _renew(self, renew: Callable[[Tls], None]) -> None:
        try:
            renew(await asyncio.to_thread(self._files.read))
        except TlsUnusable as error:
            _log.error("tls_unusable", reason=str(error), in_use="the previous certificate")
        else:
            _log.info("tls_renewed")


def _read(path: Path, option: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsUnusable(f"{option}: {path}: {error.strerror}") from error


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    with contextlib.suppress(OSError):
        if path:
            status = path.stat()
            return status.st_mtime_ns, status.st_size, status.st_ino
    return None
