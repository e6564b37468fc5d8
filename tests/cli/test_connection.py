"""TLS and tokens: a command proves its identity to the server, and verifies the server."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import grpc
import pytest

from cli.command import run_in_pipe
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.watch_messages import BOB_WINS, FIRST, OVER
from harness.certificates import Authority
from leaderboard_cli import failures
from leaderboard_cli.failures import CERTIFICATE_REQUIRED, ExitCode
from leaderboard_client import Unavailable

SECRET = "s3cret-t0ken"


class Encrypted(NamedTuple):
    """A service with TLS that requires client certificates, and the files to call it with."""

    service: FakeService
    ca: str
    cert: str
    key: str


@pytest.fixture(name="encrypted")
def _encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Encrypted]:
    """Start a service with TLS that requires client certificates."""
    authority = Authority()
    files = [tmp_path / name for name in ("ca.pem", "chain.pem", "key.pem")]
    authority.write(*files[1:])
    files[0].write_bytes(authority.pem)
    pair = (files[2].read_bytes(), files[1].read_bytes())
    credentials = grpc.ssl_server_credentials([pair], authority.pem, require_client_auth=True)
    with FakeService(credentials) as service:
        monkeypatch.setenv("LEADERBOARD_SERVER", service.address)
        yield Encrypted(service, *map(str, files))


@pytest.mark.parametrize(
    "command",
    [
        ["top", "c"],
        ["rank", "c", "u"],
        ["update", "c", "u", "1"],
        ["watch", "c"],
        ["load", "--rate", "20", "--duration", "0.1"],
    ],
)
def test_every_command_calls_with_tls_and_token(
    encrypted: Encrypted, run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """With the CA, a certificate and a token a command is served, and sends the token."""
    encrypted.service.stream = [FIRST, BOB_WINS, OVER]
    monkeypatch.setenv("LEADERBOARD_TOKEN", SECRET)
    shown = ["--ca", encrypted.ca, "--cert", encrypted.cert, "--key", encrypted.key]

    outcome = run(*command, *shown)

    assert outcome.code == ExitCode.OK
    assert set(encrypted.service.tokens) == {f"Bearer {SECRET}"}
    assert SECRET not in outcome.out + outcome.err


@pytest.mark.usefixtures("unhurried")
def test_doctor_checks_the_certificate(encrypted: Encrypted, run: Run) -> None:
    """`doctor` prints the TLS version and how long the certificate is valid."""
    shown = ["--ca", encrypted.ca, "--cert", encrypted.cert, "--key", encrypted.key]

    outcome = run("doctor", *shown)

    assert outcome.code == ExitCode.OK
    assert "TLSv1.3, the certificate lasts for " in outcome.out


def test_doctor_finds_problems_with_tls(encrypted: Encrypted, run: Run, tmp_path: Path) -> None:
    """`doctor` finds a call without TLS to a server with TLS, and a certificate of another CA."""
    (tmp_path / "other.pem").write_bytes(Authority().pem)

    clear = run("doctor", "--timeout", "2")
    bare = run("doctor", "--timeout", "2", "--ca", encrypted.ca)
    other = run("doctor", "--timeout", "2", "--ca", str(tmp_path / "other.pem"))

    assert clear.code == other.code == ExitCode.FAILED
    assert "the server speaks TLS, the calls don't" in clear.out
    assert "→ call with --tls" in clear.out
    assert "it may require a client certificate" in bare.out
    assert "the certificate is not trusted" in other.out


def test_an_untrusted_server_is_not_called(encrypted: Encrypted) -> None:
    """A server whose certificate no known CA signed is not called, and one line says why."""
    server = encrypted.service.address

    outcome = run_in_pipe("top", "c", "--tls", "--timeout", "1", "--server", server)

    assert (outcome.code, outcome.out) == (ExitCode.UNAVAILABLE, "")
    assert outcome.err.startswith("error: ")
    assert outcome.err.endswith(": its certificate is not trusted; name its CA with --ca\n")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("token", "arguments", "why"),
    [
        (
            SECRET,
            ["--server", "board.example:50051"],
            "a token is sent without TLS to loopback alone",
        ),
        ("two words", [], "the token is not of printable ASCII characters without spaces"),
    ],
)
def test_a_token_is_kept_secret(
    run: Run, monkeypatch: pytest.MonkeyPatch, token: str, arguments: list[str], why: str
) -> None:
    """A token is neither sent without TLS nor printed in a message."""
    monkeypatch.setenv("LEADERBOARD_TOKEN", token)

    outcome = run("top", "c", *arguments)

    assert outcome == (ExitCode.INVALID, "", f"error: LEADERBOARD_TOKEN: {why}\n")


def test_missing_and_wrong_files_are_wrong_usage(run: Run, tmp_path: Path) -> None:
    """A file that is missing, is not PEM, or comes without its counterpart is wrong usage."""
    other = tmp_path / "notes.txt"
    other.write_text("no certificate")

    outcomes = [
        run("top", "c", "--ca", str(tmp_path / "missing.pem")),
        run("top", "c", "--ca", str(other)),
        run("top", "c", "--cert", str(other)),
    ]

    assert [outcome.code for outcome in outcomes] == [ExitCode.INVALID] * 3
    assert outcomes[1].err == f"error: --ca: {other} holds no certificate (PEM)\n"
    assert "--cert and --key go together" in outcomes[2].err


def test_unusable_files_are_wrong_usage(encrypted: Encrypted, run: Run, tmp_path: Path) -> None:
    """Broken or swapped files, and a key of another certificate, are wrong usage."""
    _, other_key = (tmp_path / name for name in ("other-chain.pem", "other-key.pem"))
    Authority().write(tmp_path / "other-chain.pem", other_key)
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n")
    cert, key = encrypted.cert, encrypted.key

    outcomes = {
        run("top", "c", "--ca", str(broken)),
        run("top", "c", "--cert", key, "--key", cert),
        run("top", "c", "--cert", cert, "--key", cert),
        run("top", "c", "--cert", cert, "--key", str(other_key)),
    }

    assert outcomes == {
        (ExitCode.INVALID, "", f"error: {why}\n")
        for why in (
            f"--ca: {broken} holds a broken certificate",
            f"--cert: {key} holds no certificate (PEM)",
            f"--key: {cert} holds no private key (PEM)",
            f"--cert and --key: {cert} and {other_key} don't belong together",
        )
    }


@pytest.mark.parametrize(
    "head", ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----"]
)
def test_a_key_with_a_password_is_rejected(
    encrypted: Encrypted, run: Run, tmp_path: Path, head: str
) -> None:
    """The command never prompts for a password: the key is rejected, in both formats."""
    key = tmp_path / "locked.pem"
    how = "" if "ENCRYPTED" in head else "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"
    key.write_text(f"{head}\n{how}bm9uZQ==\n{head.replace('BEGIN', 'END')}\n")

    outcome = run("top", "c", "--cert", encrypted.cert, "--key", str(key))

    assert outcome == (ExitCode.INVALID, "", f"error: --key: {key} has a password\n")


def test_a_host_may_be_as_long_as_a_name_can_be(run: Run) -> None:
    """A label of a host name has up to 63 characters."""
    longest, too_long = f"{'a' * 63}.invalid:50051", f"{'a' * 64}.invalid:50051"

    assert run("top", "c", "--timeout", "0.1", "--server", longest).code == ExitCode.UNAVAILABLE
    assert run("top", "c", "--timeout", "0.1", "--server", too_long).code == ExitCode.INVALID


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_comments_in_files_are_ignored(encrypted: Encrypted, run: Run, encoding: str) -> None:
    """Text around the certificates may be in any encoding, for calls and for `doctor`."""
    for name in (encrypted.ca, encrypted.cert):
        file = Path(name)
        file.write_bytes("# Autorité für Ádá\n".encode(encoding) + file.read_bytes())
    shown = ["--ca", encrypted.ca, "--cert", encrypted.cert, "--key", encrypted.key]

    called, examined = run("top", "c", *shown), run("doctor", *shown)

    assert (called.code, called.err) == (ExitCode.OK, "")
    assert examined.code == ExitCode.OK
    assert "the certificate lasts for " in examined.out


def test_a_required_certificate_is_reported(encrypted: Encrypted) -> None:
    """A caller without a certificate gets one plain line, and nothing else."""
    arguments = ("--server", encrypted.service.address, "--ca", encrypted.ca, "--timeout", "1")

    outcome = run_in_pipe("top", "c", *arguments)

    assert (outcome.code, outcome.out) == (ExitCode.UNAVAILABLE, "")
    assert outcome.err.count("\n") == 1
    assert "--cert" in outcome.err or "`leaderboard doctor` finds out why" in outcome.err


@pytest.mark.parametrize(
    ("grpc_text", "shown"),
    [
        ("Unwrap failed (TSI_DATA_CORRUPTED)", CERTIFICATE_REQUIRED),
        ("SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED", CERTIFICATE_REQUIRED),
        (
            "Failed to create security handshaker.",
            "the files of --ca, --cert or --key can't be used",
        ),
    ],
)
def test_handshake_errors_are_plain(grpc_text: str, shown: str) -> None:
    """The text of gRPC about a handshake becomes a plain one with advice."""
    error = Unavailable(f"failed to connect to all addresses; last error: UNKNOWN: x: {grpc_text}")

    assert (
        failures.failure_text(error, "h:1", 1.0)
        == f"can't reach a leaderboard server at h:1: {shown}"
    )


@pytest.mark.parametrize("how", [[], ["--tls"]])
def test_a_silent_port_is_not_judged(run: Run, how: list[str]) -> None:
    """`doctor` reports the encryption as unknown if a port accepts and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        outcome = run("doctor", "--server", server, "--timeout", "0.5", "--json", *how)

    checks = {check["check"]: check for check in json.loads(outcome.out)["checks"]}
    assert outcome.code == ExitCode.FAILED
    assert checks["encryption"]["verdict"] == "UNKNOWN"
    assert checks["encryption"]["to_do"] == "check which program listens at that address"
    assert "leaderboard serve" not in checks["reachable"]["to_do"]


def test_a_host_is_not_a_scheme(run: Run) -> None:
    """A host with the name of one of gRPC's schemes is looked up like any other."""
    outcome = run("top", "c", "--server", "unix:50051", "--timeout", "0.5")

    assert outcome.code == ExitCode.UNAVAILABLE
    assert "No such file" not in outcome.err


def test_a_key_may_come_through_a_pipe(encrypted: Encrypted, tmp_path: Path) -> None:
    """A key is read from a pipe, once; a key of another certificate is still one line."""
    Authority().write(tmp_path / "other-chain.pem", tmp_path / "other-key.pem")
    shown = ("--ca", encrypted.ca, "--cert", encrypted.cert, "--key", "/dev/stdin")
    called = ("top", "c", "--server", encrypted.service.address, *shown)
    other_key = (tmp_path / "other-key.pem").read_bytes()

    right = run_in_pipe(*called, given=Path(encrypted.key).read_bytes())
    wrong = run_in_pipe(*called, "--timeout", "1", given=other_key)

    assert right == (ExitCode.OK, "c has no users yet\n", "")
    assert wrong.code == ExitCode.UNAVAILABLE
    assert wrong.err.endswith(": the files of --ca, --cert or --key can't be used\n")
    assert wrong.err.count("\n") == 1
