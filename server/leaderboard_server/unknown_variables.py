"""Finds `LEADERBOARD_…` variables that nothing reads, such as misspelt settings."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from leaderboard_server.setting_types import (
    VARIABLE_PREFIX,
    WEB_VARIABLE_PREFIX,
    CommandSettings,
)
from leaderboard_server.settings_list import closest_setting, settings

COMMAND_VARIABLES = frozenset(
    f"{VARIABLE_PREFIX}{name}" for name in ("SERVER", "TLS", "CA", "CERT", "KEY", "TOKEN", "DEBUG")
)
"""The variables of the other commands of `leaderboard`; a shell may have them for all."""
_OTHERS = COMMAND_VARIABLES | {f"{VARIABLE_PREFIX}TEST_LISTENER", f"{VARIABLE_PREFIX}SOAK_S"}
"""Those, and the variables of the project's own tests."""

_OF_KUBERNETES = re.compile(
    rf"{VARIABLE_PREFIX}([A-Z0-9_]+_)?"
    r"(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""The variables that Kubernetes sets in every container for a Service named `leaderboard`, or
`leaderboard-…`."""
_PORT_OF_KUBERNETES = re.compile(rf"{VARIABLE_PREFIX}([A-Z0-9_]+_)?PORT")
_URL_OF_KUBERNETES = re.compile(r"(tcp|udp|sctp)://")


class UnknownVariable(NamedTuple):
    """A variable that is not a setting."""

    name: str
    closest: str | None
    """The setting's variable with the most similar name, None if none is similar."""


def unknown_variables(
    kind: type[CommandSettings], environment: Mapping[str, str]
) -> Iterator[UnknownVariable]:
    """Yield the variables of an environment that a command with these settings does not know."""
    prefix = kind.model_config["env_prefix"]
    known = [setting.variable for setting in settings(kind)]
    for name, value in sorted(environment.items()):
        variable = name.upper()  # settings are read in either case
        if not variable.startswith(prefix) or variable in {*known, *_OTHERS}:
            continue
        if variable.startswith(WEB_VARIABLE_PREFIX) and prefix != WEB_VARIABLE_PREFIX:
            continue  # of the gateway
        if not _is_of_kubernetes(variable, value):
            # Compared without the prefix, which would make all of them similar.
            closest = closest_setting(kind, variable.removeprefix(prefix).lower())
            yield UnknownVariable(name, closest.variable if closest else None)


def _is_of_kubernetes(variable: str, value: str) -> bool:
    if _OF_KUBERNETES.fullmatch(variable):
        return True
    # `LEADERBOARD_PORT=50051` is a misspelt setting, `LEADERBOARD_PORT=tcp://10.0.0.1:80` is not.
    is_port = _PORT_OF_KUBERNETES.fullmatch(variable) is not None
    return is_port and _URL_OF_KUBERNETES.match(value) is not None
