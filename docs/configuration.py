"""Prints `docs/configuration.md`: the settings of a server and of a gateway.

Run by `make docs`; a test compares the page with what this prints.
"""

from leaderboard_server.config import Config
from leaderboard_server.setting_types import CommandSettings
from leaderboard_server.settings_list import Setting, settings
from leaderboard_web.config import WebConfig

_PAGE = """# Configuration

The settings of `leaderboard serve` and of [`leaderboard web`](#the-gateway). Each is a flag, an
environment variable, or a name in the file that `--config` names: that of the variable in lower
case and without its prefix, so `max_calls` for `LEADERBOARD_MAX_CALLS`. The flag comes before the
variable, and the variable before the file; see
[the file of settings](operations.md#the-file-of-settings). `make docs` makes this page from
`server/leaderboard_server/config.py` and `server/web/leaderboard_web/config.py`.

## The server

| flag | variable | default | range | meaning |
| --- | --- | --- | --- | --- |
{server}

## The gateway

[On a web page](web.md) says what it does. Its variables begin with `LEADERBOARD_WEB_`, and it has a
file of its own. The servers that it calls are named as for all other commands: `--server` or
`LEADERBOARD_SERVER`, with `--tls`, `--ca`, `--cert`, `--key` and `LEADERBOARD_TOKEN`.

| flag | variable | default | range | meaning |
| --- | --- | --- | --- | --- |
{web}

The variables and options of the other commands are in
[the README of the command](../clients/cli/README.md).
"""


def _table(kind: type[CommandSettings]) -> str:
    return "\n".join(map(_row, settings(kind)))


def _row(setting: Setting) -> str:
    flag = "none" if setting.variable_only else f"`{setting.flag}`"
    return " | ".join(
        (
            f"| {flag}",
            f"`{setting.variable}`",
            setting.default,
            setting.bounds,
            f"{setting.description} |",
        )
    ).replace("|  |", "| |")


def page() -> str:
    """Return the page, in Markdown."""
    return _PAGE.format(server=_table(Config), web=_table(WebConfig))


if __name__ == "__main__":
    print(page(), end="")
