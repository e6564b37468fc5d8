"""Variables of the environment that look like settings and are none."""

import re
from pathlib import Path

import pytest

from leaderboard_server.config import Config
from leaderboard_server.settings_list import settings
from leaderboard_server.unknown_variables import COMMAND_VARIABLES, unknown_variables

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("LEADERBOARD_REDISURL", "LEADERBOARD_REDIS_URL"),
        ("LEADERBOARD_MAX_CALL", "LEADERBOARD_MAX_CALLS"),
        ("LEADERBOARD_WORKER", "LEADERBOARD_WORKERS"),
        ("leaderboard_listner", "LEADERBOARD_LISTENER"),
        ("LEADERBOARD_PORT", None),
        ("LEADERBOARD_XYZZY", None),
    ],
)
def test_misspelt_settings_are_unknown(name: str, closest: str | None) -> None:
    """Each has the most similar setting, if any is similar."""
    assert list(unknown_variables(Config, {name: "50051", "PATH": "/bin"})) == [(name, closest)]


def test_settings_are_known_in_either_case() -> None:
    """Every setting is known, as settings are read in upper and lower case."""
    variables = [setting.variable for setting in settings(Config)]

    assert not list(unknown_variables(Config, dict.fromkeys(variables, "")))
    assert not list(unknown_variables(Config, {variable.lower(): "" for variable in variables}))


def test_the_variables_of_kubernetes_are_known() -> None:
    """Those of a Service named `leaderboard`, or of one beside it, are no settings."""
    url = "tcp://10.0.0.11:50051"
    injected = {
        "LEADERBOARD_SERVICE_HOST": "10.0.0.11",
        "LEADERBOARD_SERVICE_PORT": "50051",
        "LEADERBOARD_SERVICE_PORT_GRPC": "50051",
        "LEADERBOARD_PORT": url,
        "LEADERBOARD_PORT_50051_TCP": url,
        "LEADERBOARD_PORT_50051_TCP_PROTO": "tcp",
        "LEADERBOARD_PORT_50051_TCP_PORT": "50051",
        "LEADERBOARD_PORT_50051_TCP_ADDR": "10.0.0.11",
        "LEADERBOARD_PORT_53_UDP_ADDR": "10.0.0.11",
        "LEADERBOARD_PORT_9_SCTP": "sctp://10.0.0.11:9",
        "LEADERBOARD_REDIS_SERVICE_HOST": "10.0.0.12",
        "LEADERBOARD_REDIS_PORT": "tcp://10.0.0.12:6379",
        "LEADERBOARD_REDIS_PORT_6379_TCP_ADDR": "10.0.0.12",
    }

    assert not list(unknown_variables(Config, injected))


def test_the_variables_of_the_command_are_known() -> None:
    """Those that the command's source and page name are exactly those that are left out."""
    files = [
        *(PROJECT / "clients" / "cli").rglob("*.py"),
        PROJECT / "clients" / "cli" / "README.md",
    ]
    named = {
        name
        for file in files
        for name in re.findall(r"\bLEADERBOARD_[A-Z_]+", file.read_text(encoding="utf-8"))
    }

    of_settings = {setting.variable for setting in settings(Config)}
    assert named - of_settings == set(COMMAND_VARIABLES)
    assert not list(unknown_variables(Config, dict.fromkeys(COMMAND_VARIABLES, "")))
