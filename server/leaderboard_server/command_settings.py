"""The settings of a command at its start: loaded, with warnings of what is wrong around them."""

import os
from collections.abc import Mapping
from typing import Any

import structlog
import typer

from leaderboard_server.load_config import ConfigInvalid, SettingsT, load_config
from leaderboard_server.logs import configure_logs
from leaderboard_server.unknown_variables import unknown_variables

_log = structlog.get_logger()

BAD_OPTION = 2
"""The exit code for wrong settings."""


def command_settings(command: str, kind: type[SettingsT], given: Mapping[str, Any]) -> SettingsT:
    """Return the settings of a command, and log what is unknown or exposed.

    Args:
        command: Its name, for problems.

        kind: Its settings.

        given: Its options; one that is None was not given.

    Raises:
        typer.Exit: A setting is wrong; all problems were written to standard error.
    """
    options = {name: value for name, value in given.items() if value is not None}
    try:
        config, file = load_config(kind, options)
    except ConfigInvalid as error:
        for problem in error.problems:
            typer.echo(f"{command}: {problem}", err=True)
        raise typer.Exit(BAD_OPTION) from None
    configure_logs(config.log_level)
    for variable in unknown_variables(kind, os.environ):
        # Never its value, which may be a secret.
        _log.warning("unknown_variable", name=variable.name, closest=variable.closest)
    if file and file.exposed_secret:
        reason, to_do = file.exposed_secret
        _log.warning("config_exposed", file=str(file.path), reason=reason, to_do=to_do)
    if config.is_exposed:
        _log.warning("exposed", address=config.address, reason="neither loopback nor TLS")
    if config.exposes_metrics:
        _log.warning("metrics_exposed", address=config.metrics_address, reason="not loopback")
    return config
