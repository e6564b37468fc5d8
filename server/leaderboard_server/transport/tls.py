"""The certificate of the listener: read from files, checked, and read again when they change."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import structlog

from leaderboard_server.transport.listener import Tls

_log = structlog.get_logger()

LOOK_S = 0.5
"""How often the files are looked at. They are read once two looks have seen the same change, so
that a pair that is just being written is not taken for a broken one."""

_NOT_ITS_KEY = "KEY_VALUES_MISMATCH"
_NO_PAIR = "they are not a certificate and its key without a password (PEM)"

Stamps: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class TlsUnusable(Exception):
    """The files can't be read, or are not what they should be; the text is for an operator."""


@dataclass(frozen=True, kw_only=True)
class TlsFiles:
    """The PEM files that an operator names."""

    chain: Path
    key: Path
    client_authorities: Path | None

    def read(self) -> Tls:
        """Read and check the files.

        Raises:
            TlsUnusable: One can't be read or is broken, or the key is not that of the certificate.
        """
        chain = _text(self.chain, "--tls-cert")
        key = _text(self.key, "--tls-key")
        authorities = None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # Without a password an encrypted key would be asked for at the terminal.
            context.load_cert_chain(self.chain, self.key, password="")
        except OSError as error:  # an SSLError is one
            mismatch = isinstance(error, ssl.SSLError) and error.reason == _NOT_ITS_KEY
            wrong = "they don't belong together" if mismatch else _NO_PAIR
            raise TlsUnusable(f"--tls-cert and --tls-key: {wrong}") from error
        if self.client_authorities:
            authorities = _text(self.client_authorities, "--tls-client-ca")
            try:
                context.load_verify_locations(self.client_authorities)
            except OSError as error:
                raise TlsUnusable("--tls-client-ca: it holds no certificate (PEM)") from error
        return Tls(chain=chain, key=key, client_authorities=authorities)

    def stamps(self) -> Stamps:
        """Return what differs when a file was written or replaced; None for one that is away."""
        return tuple(map(_stamp, (self.chain, self.key, self.client_authorities)))


class TlsRenewal:
    """Hands the files to the listener again whenever they change. Open from `start` to `close`."""

    def __init__(self, files: TlsFiles) -> None:
        """Take what to look at, as it is now: make this before the files are read."""
        self._files = files
        self._used = files.stamps()

    def start(self, renew: Callable[[Tls], None]) -> None:
        """Begin to look; `renew` takes what was read, or raises `TlsUnusable`."""
        self._looking = asyncio.create_task(self._keep_looking(renew), name="tls-renewal")

    async def close(self) -> None:
        """Look no more."""
        self._looking.cancel()
        await asyncio.wait([self._looking])

    async def _keep_looking(self, renew: Callable[[Tls], None]) -> None:
        before = self._used
        while True:
            await asyncio.sleep(LOOK_S)
            now = await asyncio.to_thread(self._files.stamps)  # files may lie on a network
            if now == before != self._used:
                self._used = now
                await self._take(renew)
            before = now

    async def _take(self, renew: Callable[[Tls], None]) -> None:
        try:
            renew(await asyncio.to_thread(self._files.read))
        except TlsUnusable as error:
            _log.error("tls_unusable", reason=str(error), in_use="what was read before")
        else:
            _log.info("tls_renewed")


def _text(path: Path, option: str) -> bytes:
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
