"""All attacks in turn: `PYTHONPATH=tests python -m attacks`."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from attacks.attacked import attacked_service
from attacks.catalogue import ATTACKS, Attack
from attacks.course import Times, run
from attacks.outcome import Outcome
from attacks.table import table
from harness.service import LISTENERS
from harness.stores import Flavour, StoreProcess


def main(
    *,
    attacks: Annotated[str, typer.Option(help="Only these, with commas.")] = "",
    listeners: Annotated[str, typer.Option(help="Only these, with commas.")] = "",
    before: Annotated[float, typer.Option(help="Seconds of the client alone.")] = 10.0,
    seconds: Annotated[
        float, typer.Option(help="Seconds of each attack, which runs twice.")
    ] = 30.0,
    after: Annotated[float, typer.Option(help="Seconds after each attack.")] = 3.0,
) -> None:
    """Attack a server on each listener, twice with each attack, and print what that did."""
    chosen = [ATTACKS[name] for name in attacks.split(",") if name] or list(ATTACKS.values())
    times = Times(before, seconds, after, attacks=2, deadline=1.0)
    names = [name for name in listeners.split(",") if name] or list(LISTENERS)
    outcomes, broken = asyncio.run(_attack_all(chosen, names, times))
    typer.echo(f"\n{table(outcomes)}")
    typer.echo("\n".join(["", *broken]))
    raise typer.Exit(bool(broken))


async def _attack_all(
    attacks: list[Attack], listeners: list[str], times: Times
) -> tuple[list[Outcome], list[str]]:
    outcomes, broken = [], []
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        for attack in attacks:
            for listener in listeners:
                outcome = await _attack(attack, listener, Path(folder), times)
                found = outcome.broken_bounds(timed=True)
                outcomes.append(outcome)
                broken += [f"{attack.name}, {listener}: {bound}" for bound in found]
                typer.echo(f"{attack.name}, {listener}: {'; '.join(found) or 'as it should'}")
                sys.stdout.flush()
    return outcomes, broken


async def _attack(attack: Attack, listener: str, folder: Path, times: Times) -> Outcome:
    """Run an attack on a server and a store of its own."""
    own = folder / f"{attack.name}-{listener}"
    store = StoreProcess(Flavour.VALKEY, own / "store")
    await store.start()
    try:
        service = attacked_service(listener, store, own / "service", file_limit=attack.file_limit)
        async with service as attacked:
            course = own / "course"
            course.mkdir()
            return await run([attack], listener, attacked, course, times)
    finally:
        store.end()


if __name__ == "__main__":
    typer.run(main)
