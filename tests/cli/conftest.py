"""Fixtures for the tests of the command line."""

from collections.abc import Iterator
from typing import Protocol

import pytest

from cli.command import Outcome
from cli.fake_service import FakeService
from clients.python.attempts import end_calls_once
from harness.store_kinds import run_on_clusters_too
from leaderboard_cli import main


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests with a real service on clusters too."""
    if metafunc.module.__name__.endswith("_end_to_end"):
        run_on_clusters_too(metafunc)


class Run(Protocol):
    """Runs the command in this process, against the fake service."""

    def __call__(self, *arguments: str) -> Outcome:
        """Run it with a command line."""


@pytest.fixture(name="fake")
def _fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    """Start a fake service, and set LEADERBOARD_SERVER to its address."""
    with FakeService() as fake:
        monkeypatch.setenv("LEADERBOARD_SERVER", fake.address)
        yield fake


@pytest.fixture(name="run")
def _run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command in this process."""

    def run(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        code = ended.value.code
        assert isinstance(code, int)
        return Outcome(code, *capfd.readouterr())

    return run


@pytest.fixture(name="two_attempts")
def _two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each call end with the error of its second attempt, without waiting for its deadline."""
    end_calls_once(monkeypatch, lambda failed: failed == 2)


@pytest.fixture(name="unhurried")
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the doctor report no server as slow, because the test machine may be busy."""
    for threshold in ("SLOW", "SLOW_AT_TIMES"):
        monkeypatch.setattr(f"leaderboard_cli.doctor.checks.{threshold}", 60.0)
