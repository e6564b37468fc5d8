"""The process of an attacker: `PYTHONPATH=tests python -m attacks.attack NAME PORT SECONDS`.

Prints its account as JSON at the end.
"""

import asyncio
import contextlib
import json
import time
from typing import Annotated, Any

import typer
import uvloop

from attacks.attacker import Attacker
from attacks.catalogue import ATTACKS


def main(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(ATTACKS)}.")],
    port: Annotated[int, typer.Argument(help="The port of the server on this machine.")],
    seconds: Annotated[float, typer.Argument(help="How long to attack.")] = 5.0,
    *,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="First fill the boards that the attack needs.")
    ] = False,
) -> None:
    """Attack a server on this machine, and print an account as JSON."""
    attack = ATTACKS[name]
    if prepare and attack.prepare:
        uvloop.run(_prepared(attack.prepare(f"127.0.0.1:{port}")))
    attacker, began = Attacker(port, seconds), time.monotonic()
    uvloop.run(_attack(attacker, attack.run(attacker)))
    account = {
        "began": began,
        "tally": attacker.tally,
        "figures": attacker.figures,
        "broken": attacker.broken,
    }
    typer.echo(json.dumps(account))


async def _prepared(preparation: Any) -> None:
    await preparation


async def _attack(attacker: Attacker, attack: Any) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(attacker.seconds):
            await attack
    attacker.close()


if __name__ == "__main__":
    typer.run(main)
