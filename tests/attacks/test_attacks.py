"""One hostile caller costs the others nothing that matters; each attack runs on each listener."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from attacks.attacked import attacked_service
from attacks.catalogue import ATTACKS, Attack
from attacks.course import Times, run
from attacks.outcome import BUSY_WELL_AGAIN_S
from harness.service import ServiceProcess
from harness.stores import StoreProcess

SHORT = Times(before=0.2, attack=5.0, after=0.3, attacks=1, deadline=10.0)
"""With the deadline that the clients have: the server shares its cores with other tests."""
SHORT_AND_WELL_AGAIN = replace(SHORT, after=BUSY_WELL_AGAIN_S + 0.3)
"""For attacks during which calls may fail, but not a second later."""
LONG = Times(before=10.0, attack=30.0, after=3.0, attacks=2, deadline=1.0)
"""Two equal attacks, a minute in all."""


def _named(attack: Attack) -> str:
    return attack.name


TOGETHER = [
    ("zero-window", "dripping", "shared-channel", "garbage"),
    ("gzip-bomb", "many-refusals"),
    ("reflection-streams", "health-streams"),
    ("large-metadata", "continuation-flood", "wrong-calls"),
    ("limits",),
    ("deep-pages",),
    ("ping-flood", "settings-flood", "empty-frames"),
    ("overload",),
]
"""Attacks that run at the same time on the shared server, to keep the tests short."""
ALONE = ("unfinished-uploads", "rapid-reset", "connections")
"""Attacks on a server of their own: it has few files, or grpcio would keep their traces."""


def test_every_attack_is_run() -> None:
    """Each attack has its short form."""
    short = [*itertools.chain(*TOGETHER), *ALONE]
    assert sorted(short) == sorted(ATTACKS)


@pytest.mark.attack
@pytest.mark.parametrize("names", TOGETHER, ids="+".join)
async def test_a_good_client_is_served_beside_short_attacks(
    names: Sequence[str], listener: str, attacked: ServiceProcess, tmp_path: Path
) -> None:
    """During attacks no call of a good client fails, its watch is right, memory is bounded."""
    attacks = [ATTACKS[name] for name in names]
    fails_calls = any(attack.takes_capacity for attack in attacks)
    times = SHORT_AND_WELL_AGAIN if fails_calls else SHORT
    outcome = await run(attacks, listener, attacked, tmp_path, times)
    assert not outcome.broken_bounds(timed=False)


@pytest.mark.attack
@pytest.mark.parametrize("name", ALONE)
async def test_a_good_client_is_served_beside_a_short_attack_by_a_server_of_its_own(
    name: str, listener: str, attacked_store: StoreProcess, tmp_path: Path
) -> None:
    """The same holds for attacks on memory, and on a server with few file descriptors."""
    attack = ATTACKS[name]
    async with attacked_service(
        listener, attacked_store, tmp_path, file_limit=attack.file_limit
    ) as service:
        outcome = await run([attack], listener, service, tmp_path, SHORT_AND_WELL_AGAIN)
    assert not outcome.broken_bounds(timed=False)


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=_named)
async def test_a_second_equal_attack_leaves_no_more_than_the_first(
    attack: Attack, listener: str, own_store: StoreProcess, tmp_path: Path
) -> None:
    """Two attacks of 30 s on a server of its own keep all bounds, those of times and growth too."""
    async with attacked_service(
        listener, own_store, tmp_path / "service", file_limit=attack.file_limit
    ) as service:
        outcome = await run([attack], listener, service, tmp_path, LONG)
    assert not outcome.broken_bounds(timed=True)
