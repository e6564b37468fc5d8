"""Users, their data and their friends: the commands together with the real service and store."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Run
from harness.service import ServiceProcess
from leaderboard_cli.failures import ExitCode


@pytest.fixture(name="command")
def _command(service: ServiceProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command against the service."""
    monkeypatch.setenv("LEADERBOARD_SERVER", service.address)
    return run


def ids(command: Run, part: str, *arguments: str) -> list[str]:
    """Return the users in one part of the answer of a command."""
    answer: dict[str, Any] = json.loads(command(*arguments, "--json").out)
    return [user["user_id"] for user in answer[part]]


def test_reads_of_several_users(command: Run) -> None:
    """Friends, the rows around a user and those around a score are parts of one board."""
    for score, user in enumerate(("ada", "bob", "cid", "dan", "eve")):
        command("update", "chess", user, str(score))

    assert ids(command, "users", "friends", "chess", "ada", "eve", "nobody") == ["eve", "ada"]
    assert ids(command, "around", "rank", "chess", "eve", "--around", "3") == ["eve", "dan", "cid"]
    assert ids(command, "around", "whatif", "chess", "-1", "--around", "1") == ["ada"]
    assert command("friends", "chess", "nobody").out == (
        "chess: 0 of 5 users\nwithout a score: nobody\n"
    )
    would = command("whatif", "chess", "3", "--around", "0").out
    assert would == "chess: score 3 would have rank 3, beside 5 users\n"
    assert command("friends", "chess", "ada", "ada").code == ExitCode.INVALID


def test_data_of_users(command: Run, tmp_path: Path) -> None:
    """Attributes and names are set, merged and removed by updates, and set by an import."""
    given = ("--attribute", "team=red", "--attribute", "country=fr", "--display-name", "Ada L.")
    command("update", "chess", "ada", "5", *given)
    changed = command("update", "chess", "ada", "0", "--attribute", "team=", "--clear-name")
    file = tmp_path / "goals.csv"
    file.write_text("contest_id,user_id,points,attributes.team\nchess,auth0|7,1,blue\n")
    assert command("import", str(file)).code == ExitCode.OK

    users = json.loads(command("top", "chess", "--json").out)["users"]
    assert changed.out.endswith("(before: score 5, rank 1); attributes: country=fr\n")
    assert [(user["user_id"], user["display_name"], user["attributes"]) for user in users] == [
        ("ada", "", {"country": "fr"}),
        ("auth0|7", "", {"team": "blue"}),
    ]
    assert "team=blue" in command("rank", "chess", "auth0|7").out


@pytest.mark.parametrize("user", ["-x", "_y", "a+b@example.com", "Zm9v/YmFy==", "{}#%"])
def test_ids_of_other_systems(command: Run, user: str) -> None:
    """A user whose id has unusual characters is written, ranked and found among friends."""
    assert command("update", "--", "_c:1", user, "7").code == ExitCode.OK

    ranked = command("rank", "--json", "--", "_c:1", user)
    friends = command("friends", "--json", "--", "_c:1", user)
    assert json.loads(ranked.out)["user"] == json.loads(friends.out)["users"][0]
    assert json.loads(ranked.out)["user"]["user_id"] == user
