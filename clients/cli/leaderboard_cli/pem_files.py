"""The PEM files that options name: read, checked where they are named, and freed of comments."""

import re
import ssl
from pathlib import Path
from typing import NamedTuple

from leaderboard_cli.exit_codes import ExitCode
from leaderboard_cli.failures import CommandError

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----[\x00-\x7f]+?-----END \1-----")
_ENCRYPTED = re.compile(rb"^(-----BEGIN |Proc-Type: 4,)ENCRYPTED", re.MULTILINE)
_CERTIFICATE, _KEY = b"CERTIFICATE", b"PRIVATE KEY"


class Pair(NamedTuple):
    """The certificate of a caller, with those between it and an authority, and its key."""

    certificate: bytes
    """PEM."""

    key: bytes
    """PEM."""


def read_authorities(file: Path) -> bytes:
    """Return the certificates that a file of authorities holds.

    Raises:
        CommandError: There is none, or one is broken.
    """
    certificates = _blocks(file, _CERTIFICATE, "--ca", "certificate")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates.decode())
    except ssl.SSLError:
        raise _wrong(f"--ca: {file} holds a broken certificate") from None
    return certificates


def read_pair(cert: Path, key: Path) -> Pair:
    """Return what the files of a certificate and its key hold.

    Raises:
        CommandError: One holds something else, or they don't belong together.
    """
    pair = Pair(
        _blocks(cert, _CERTIFICATE, "--cert", "certificate"),
        _blocks(key, _KEY, "--key", "private key"),
    )
    if _ENCRYPTED.search(pair.key):
        raise _wrong(f"--key: {key} has a password")
    if cert.is_file() and key.is_file():  # what is no file, such as a pipe, can be read once only
        _check_pair(cert, key)
    return pair


def _check_pair(cert: Path, key: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # How strong a key has to be is for the server to say.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        apart = "MISMATCH" in (error.reason or "")
        why = "don't belong together" if apart else "are broken"
        raise _wrong(f"--cert and --key: {cert} and {key} {why}") from None


def _blocks(file: Path, kind: bytes, option: str, name: str) -> bytes:
    """Return the blocks of one kind; comments between them may be in any encoding."""
    found = (block for block in _BLOCK.finditer(file.read_bytes()) if block[1].endswith(kind))
    content = b"".join(block[0] + b"\n" for block in found)
    if not content:
        raise _wrong(f"{option}: {file} holds no {name} (PEM)")
    return content


def _wrong(message: str) -> CommandError:
    return CommandError(message, ExitCode.INVALID)
