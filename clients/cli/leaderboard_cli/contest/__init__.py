"""The commands `contest ...`: create, show, change, reset, close, reopen and delete contests."""

import typer

from leaderboard_cli.contest import close, create, delete, list_, reopen, reset, set_, show

contest = typer.Typer(
    name="contest",
    help="Create contests with rules, show and change them, reset, close and delete them.",
    epilog=create.EXAMPLES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)
contest.command("create", epilog=create.EXAMPLES)(create.create)
contest.command("show", epilog=show.EXAMPLES)(show.show)
contest.command("list", epilog=list_.EXAMPLES)(list_.list_contests)
contest.command("set", epilog=set_.EXAMPLES)(set_.set_settings)
contest.command("reset", epilog=reset.EXAMPLES)(reset.reset)
contest.command("close", epilog=close.EXAMPLES)(close.close)
contest.command("reopen", epilog=reopen.EXAMPLES)(reopen.reopen)
contest.command("delete", epilog=delete.EXAMPLES)(delete.delete)
