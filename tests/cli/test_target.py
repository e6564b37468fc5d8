"""TLS and tokens: how a command shows who calls, and knows whom it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import grpc
import pytest

from cli.fake_service import FakeService
from cli.watch_messages import BOB_WINS, FIRST, OVER
from harness.certificates import Authority
from leaderboard_client.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli.conftest import Run

SECRET = "s3cret-t0ken"


class Encrypted(NamedTuple):
    """A service with TLS that wants certificates, and the files to call it with."""

    service: FakeService
    ca: str
    cert: str
    key: str


@pytest.fixture(name="encrypted")
def _encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Encrypted]:
    """Give a service that speaks TLS and asks callers for certificates."""
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
    """With the authority, a certificate and a token a command is served, and shows the token."""
    encrypted.service.stream = [FIRST, BOB_WINS, OVER]
    monkeypatch.setenv("LEADERBOARD_TOKEN", SECRET)
    shown = ["--ca", encrypted.ca, "--cert", encrypted.cert, "--key", encrypted.key]

    outcome = run(*command, *shown)

    assert outcome.code == ExitCode.OK
    assert set(encrypted.service.tokens) == {f"Bearer {SECRET}"}
    assert SECRET not in outcome.out + outcome.err


@pytest.mark.usefixtures("unhurried")
def test_the_doctor_looks_at_the_certificate(encrypted: Encrypted, run: Run) -> None:
    """TLS is told with its version and how long the certificate lasts."""
    shown = ["--ca", encrypted.ca, "--cert", encrypted.cert, "--key", encrypted.key]

    outcome = run("doctor", *shown)

    assert outcome.code == ExitCode.OK
    assert "TLSv1.3, the certificate lasts for " in outcome.out


def test_the_doctor_tells_what_is_wrong_with_tls(
    encrypted: Encrypted, run: Run, tmp_path: Path
) -> None:
    """A call in the clear to a server with TLS, and another authority, are each told."""
    (tmp_path / "other.pem").write_bytes(Authority().pem)

    clear = run("doctor", "--timeout", "2")
    bare = run("doctor", "--timeout", "2", "--ca", encrypted.ca)
    other = run("doctor", "--timeout", "2", "--ca", str(tmp_path / "other.pem"))

    assert clear.code == other.code == ExitCode.FAILED
    assert "the server speaks TLS, the calls don't" in clear.out
    assert "→ call with --tls" in clear.out
    assert "it may ask callers for a certificate" in bare.out
    assert "the certificate is not trusted" in other.out


def test_an_untrusted_server_is_told(encrypted: Encrypted, run: Run) -> None:
    """A server that nobody known vouches for is not called, and the line says why."""
    outcome = run("top", "c", "--tls")

    assert (outcome.code, outcome.out) == (ExitCode.UNAVAILABLE, "")
    assert outcome.err.endswith(
        f"error: can't reach a leaderboard server at {encrypted.service.address}: "
        "its certificate is not trusted; --ca names its authority\n"
    )


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
def test_a_token_is_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch, token: str, arguments: list[str], why: str
) -> None:
    """A token never goes where others can read it, nor into a message."""
    monkeypatch.setenv("LEADERBOARD_TOKEN", token)

    outcome = run("top", "c", *arguments)

    assert outcome == (ExitCode.INVALID, "", f"error: LEADERBOARD_TOKEN: {why}\n")


def test_files_that_can_not_be_right_are_told(run: Run, tmp_path: Path) -> None:
    """A file that is missing, is none of PEM, or lacks its other half is wrong usage."""
    other = tmp_path / "notes.txt"
    other.write_text("no certificate")

    outcomes = [
        run("top", "c", "--ca", str(tmp_path / "missing.pem")),
        run("top", "c", "--ca", str(other)),
        run("top", "c", "--cert", str(other)),
    ]

    assert [outcome.code for outcome in outcomes] == [ExitCode.INVALID] * 3
    assert f"error: {other} is no PEM file\n" == outcomes[1].err
    assert "--cert and --key go together" in outcomes[2].err
