"""The commands `contest ...`: create contests, show and change their settings."""

import typer

from leaderboard_cli.contest import create, list_, set_, show

contest = typer.Typer(
    name="contest",
    help="Create contests with rules, show them and change their settings.",
    epilog=create.EXAMPLES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)
contest.command("create", epilog=create.EXAMPLES)(create.create)
contest.command("show", epilog=show.EXAMPLES)(show.show)
contest.command("list", epilog=list_.EXAMPLES)(list_.list_contests)
contest.command("set", epilog=set_.EXAMPLES)(set_.set_settings)
