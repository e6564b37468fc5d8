"""The files of a certificate: valid files are read, others rejected with a clear error."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from harness.certificates import Authority
from leaderboard_server.transport.tls import TlsFiles, TlsUnusable


def _put_another_key(path: Path) -> None:
    Authority().server.private_key_pem.write_to_path(path)


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> TlsFiles:
    """Return files that belong together."""
    files = TlsFiles(
        chain=tmp_path / "chain", key=tmp_path / "key", client_ca=tmp_path / "client_ca"
    )
    authority = Authority()
    authority.write(files.chain, files.key)
    (tmp_path / "client_ca").write_bytes("# Müller\n".encode() + authority.pem)
    return files


def test_valid_files_are_read(files: TlsFiles) -> None:
    """The contents of the files are returned, and `repr` does not show the key."""
    tls = files.read()

    assert tls.chain == files.chain.read_bytes()
    assert tls.key == files.key.read_bytes()
    assert tls.client_ca
    assert "PRIVATE" not in repr(tls)


@pytest.mark.parametrize(
    ("name", "spoil", "text"),
    [
        ("chain", Path.unlink, "--tls-cert: .*chain: No such file"),
        ("key", Path.unlink, "--tls-key: .*key: No such file"),
        ("client_ca", Path.unlink, "--tls-client-ca: .*client_ca: No such file"),
        ("chain", lambda path: path.write_text(""), "not a certificate and its key"),
        ("key", lambda path: path.write_bytes(b"\xff\x00"), "not a certificate and its key"),
        ("client_ca", lambda path: path.write_text("none"), "it holds no certificate"),
        ("key", _put_another_key, "don't belong together"),
    ],
)
def test_invalid_files_are_rejected(
    files: TlsFiles, tmp_path: Path, name: str, spoil: Callable[[Path], object], text: str
) -> None:
    """The error names the option and the problem of its file."""
    spoil(tmp_path / name)

    with pytest.raises(TlsUnusable, match=text):
        files.read()


def test_a_key_with_a_password_is_rejected(files: TlsFiles) -> None:
    """There is no prompt for the password."""
    key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )

    with pytest.raises(TlsUnusable, match="without a password"):
        files.read()


def test_every_change_is_seen(files: TlsFiles) -> None:
    """A file that is written, replaced or removed has another stamp."""
    seen = [files.stamps()]
    for change in (
        lambda: files.key.write_text("longer than nothing"),
        lambda: files.chain.replace(files.key),
        files.key.unlink,
    ):
        change()
        seen.append(files.stamps())

    assert len(set(seen)) == len(seen)
    assert seen == [*seen[:-1], files.stamps()]
