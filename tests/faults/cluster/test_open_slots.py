"""A slot whose move key by key was begun and is not ended: it is open at both nodes."""

import logging

import pytest
from redis.crc import key_slot

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.readers import Readers
from faults.cluster.variants import on_each
from faults.cluster.writers import Writers
from harness.cluster import ClusterStores
from harness.service import ServiceProcess
from harness.slot_move import SlotMove
from harness.stores import Flavour

_log = logging.getLogger(__name__)


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param("no key", marks=pytest.mark.slow),
        "half of the keys",
        pytest.param("all keys", marks=pytest.mark.slow),
    ],
)
@on_each(short=Flavour.REDIS)
async def test_an_open_slot_concerns_its_contests_alone(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess], moved: str
) -> None:
    """These are served or unavailable, and never wrong; once the slot is closed all goes on."""
    own, *others = cluster.contests(0, 3)
    watches = ContestWatches(servers, [own, *others])
    writers = Writers(servers, [own, *others], clients=12)
    async with (
        watches.open(),
        Readers(servers, [own, *others]),
        SlotMove(key_slot(own.encode()), *cluster.masters[:2]) as move,
    ):
        async with writers.writing():
            await writers.more_writes(5)
            await move.open()
            if moved != "no key":
                names = await move.keys()
                await move.move_keys(*names[: len(names) // (2 if moved.startswith("half") else 1)])
            await writers.more_writes(50, others)
            if moved == "no key":
                await move.leave()
            else:
                await move.move_keys()
                await move.give()
            await writers.more_writes(5)
        others_pause = writers.longest_pause(others)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    refused = [failure.seconds for failure in writers.failures]
    longest = max(refused, default=0.0)
    _log.info("refused %d, within %.3f s; others %.3f s", len(refused), longest, others_pause)
    assert not lost
    writers.assert_honest()
    writers.assert_none_failed(others)
