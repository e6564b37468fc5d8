"""Commands call several servers: a list of addresses, or a DNS name."""

import json
from collections.abc import Iterator

import pytest

from cli.conftest import Run
from cli.fake_service import FakeService
from cli.watch_messages import BOB_WINS, FIRST, OVER
from leaderboard_cli.failures import ExitCode

NOBODY = "127.0.0.1:1"


@pytest.fixture(name="other")
def _other() -> Iterator[FakeService]:
    """Start a second fake service."""
    with FakeService() as other:
        yield other


@pytest.mark.parametrize("command", ["top chess", "rank chess ada", "update chess ada 5"])
def test_a_server_that_is_away_is_left(fake: FakeService, run: Run, command: str) -> None:
    """A command succeeds if one of its servers is there."""
    servers = f"{NOBODY},{fake.address},[::1]:1"

    outcome = run(*command.split(), "--server", servers)

    assert (outcome.code, outcome.err) == (ExitCode.OK, "")


def test_watch_goes_to_a_server_that_is_there(fake: FakeService, run: Run) -> None:
    """A watch begins with the first server in turn that is there."""
    fake.stream = [FIRST, BOB_WINS, OVER]

    outcome = run("watch", "chess", "--server", f"{NOBODY},{fake.address}", "--json")

    assert outcome.code == ExitCode.OK
    assert len(outcome.out.splitlines()) == 3


def test_load_is_spread(fake: FakeService, other: FakeService, run: Run) -> None:
    """`load` calls all servers in turn."""
    servers = f"{fake.address},{other.address}"

    outcome = run(*("load", "--rate", "40", "--duration", "0.5", "--json", "--server", servers))

    assert json.loads(outcome.out)["answered"] == 20
    assert [len(fake.received), len(other.received)] == [10, 10]


def test_load_needs_all_servers(fake: FakeService, run: Run) -> None:
    """`load` names the server that can't be reached."""
    servers = f"{fake.address},{NOBODY}"

    outcome = run("load", "--duration", "0.1", "--timeout", "0.5", "--server", servers)

    assert outcome.code == ExitCode.UNAVAILABLE
    assert f"can't reach a leaderboard server at {NOBODY};" in outcome.err


@pytest.mark.usefixtures("unhurried")
def test_doctor_checks_each_server(fake: FakeService, other: FakeService, run: Run) -> None:
    """`doctor` checks all servers; the worst finding decides."""
    servers = f"{fake.address},{other.address},{NOBODY}"

    outcome = run("doctor", "--json", "--timeout", "1", "--server", servers)

    report = json.loads(outcome.out)
    reached = {
        check["check"]: check["verdict"]
        for check in report["checks"]
        if check["check"].startswith("reachable")
    }
    assert reached == {
        f"reachable of {fake.address}": "OK",
        f"reachable of {other.address}": "OK",
        f"reachable of {NOBODY}": "FAIL",
    }
    assert (outcome.code, report["worst"]) == (ExitCode.FAILED, "FAIL")


def test_a_dns_name(fake: FakeService, run: Run) -> None:
    """`dns:///` stands for all addresses of a name."""
    port = fake.address.rpartition(":")[2]

    outcome = run("top", "chess", "--server", f"dns:///localhost:{port}")

    assert (outcome.code, len(fake.asked)) == (ExitCode.OK, 1)


@pytest.mark.parametrize(
    ("servers", "problem"),
    [
        ("a:1,", "'' is not HOST:PORT"),
        ("a:1,b", "'b' is not HOST:PORT"),
        ("a:1,dns:///b:2", "'dns:///b:2' can't be in a list"),
        ("dns:///b", "'dns:///b' is not dns:///NAME:PORT"),
    ],
)
def test_a_malformed_list_is_wrong_usage(run: Run, servers: str, problem: str) -> None:
    """The part of the list that is wrong is named."""
    outcome = run("top", "chess", "--server", servers)

    assert outcome.code == ExitCode.INVALID
    assert problem in " ".join(outcome.err.replace("│", " ").split())


@pytest.mark.usefixtures("two_attempts")
def test_no_server_of_several(run: Run) -> None:
    """If no server is there, the error names them all."""
    servers = f"{NOBODY},[::1]:1"

    outcome = run("top", "chess", "--server", servers)

    assert outcome.code == ExitCode.UNAVAILABLE
    assert servers in outcome.err
