"""The commands `user ...`: remove, hide, erase and export users."""

import typer

from leaderboard_cli.user import erase, export, hidden, hide, remove, unhide

user = typer.Typer(
    name="user",
    help="Remove users from contests, hide them, erase and export their data.",
    epilog=remove.EXAMPLES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)
user.command("remove", epilog=remove.EXAMPLES)(remove.remove)
user.command("hide", epilog=hide.EXAMPLES)(hide.hide)
user.command("unhide", epilog=unhide.EXAMPLES)(unhide.unhide)
user.command("hidden", epilog=hidden.EXAMPLES)(hidden.hidden)
user.command("erase", epilog=erase.EXAMPLES)(erase.erase)
user.command("export", epilog=export.EXAMPLES)(export.export)
