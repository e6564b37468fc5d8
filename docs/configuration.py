"""Prints `docs/configuration.md`: the settings of a server, as the code declares them.

Run by `make docs`; a test compares the page with what this prints.
"""

from leaderboard_server.config import Config
from leaderboard_server.settings_list import Setting, settings

_PAGE = """# Configuration

The settings of `leaderboard serve`. Each is a flag, an environment variable, or a name in the file
that `--config` names: that of the variable in lower case and without `LEADERBOARD_`, so `max_calls`
for `LEADERBOARD_MAX_CALLS`. The flag comes before the variable, and the variable before the file;
see [the file of settings](operations.md#the-file-of-settings). `make docs` makes this page from
`server/leaderboard_server/config.py`.

| flag | variable | default | range | meaning |
| --- | --- | --- | --- | --- |
{rows}

The variables and options of the other commands are in
[the README of the command](../clients/cli/README.md).
"""


def _row(setting: Setting) -> str:
    flag = f"`{setting.flag}`"
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
    return _PAGE.format(rows="\n".join(map(_row, settings(Config))))


if __name__ == "__main__":
    print(page(), end="")
