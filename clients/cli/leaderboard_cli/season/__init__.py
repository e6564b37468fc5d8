"""The commands `season ...`: show the seasons of contests."""

import typer

from leaderboard_cli.season import list_

season = typer.Typer(
    name="season",
    help="Show the seasons of contests.",
    epilog=list_.EXAMPLES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)


@season.callback()
def seasons() -> None:
    """Show the seasons of contests."""


season.command("list", epilog=list_.EXAMPLES)(list_.list_seasons)
