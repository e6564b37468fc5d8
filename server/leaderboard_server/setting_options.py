"""Makes the command-line options of settings from their declarations."""

import inspect
import re
from typing import Annotated

import typer

from leaderboard_server.setting_types import CommandSettings
from leaderboard_server.settings_list import Setting, settings


def setting_options(kind: type[CommandSettings]) -> list[inspect.Parameter]:
    """Return the options of a command with these settings; one that is not given is None."""
    return [_option(setting) for setting in settings(kind) if not setting.variable_only]


def _option(setting: Setting) -> inspect.Parameter:
    """Return the option of a setting; without a value the default of the declaration holds."""
    option = typer.Option(
        setting.flag,
        envvar=setting.variable,
        metavar=setting.metavar,
        help=f"{_plain(setting.description)} [default: {_plain(setting.default)}]",
    )
    kind = int if setting.is_number else str
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def _plain(text: str) -> str:
    """Return a description without its references to other pages and without Markdown."""
    return re.sub(r"; see \[.*?\]\(.*?\)", "", text).replace("`", "")
