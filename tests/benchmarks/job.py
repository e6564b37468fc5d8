"""One kind of measurement: the calls, their boards, and the measured figure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from benchmarks.seeding import Dataset

SERVICE = ("front", "grpcio")
PEERS = ("seed_go", "plain_python")
SCRIPTS = "go_scripts"
"""The peer that runs the scripts of the service; it has no batches and no watches."""


class Tool(StrEnum):
    """The program that makes the load."""

    LOAD = "load"
    H2LOAD = "h2load"
    STORE = "store"
    """The script of the service, called on the store without a server."""
    OVERLOAD = "overload"
    """The load twice: at the highest rate of the server, then at three times that rate."""
    HOLD = "hold"
    """Watchers of an idle contest, to measure their memory."""


@dataclass(frozen=True)
class Job:
    """One kind of measurement."""

    name: str
    title: str
    dataset: Dataset
    unit: str
    figure: str
    """The measured figure in the result of the load, as a path of names with dots."""
    arguments: tuple[str, ...] = ()
    servers: tuple[str, ...] = (*SERVICE, *PEERS)
    tool: Tool = Tool.LOAD
    writes: bool = False
    request_ids: bool = False
    """True if each update has a request id, which the service must remember."""
    every_write_synced: bool = False
    """True for a store that syncs its append-only file before each reply."""
    may_fail: bool = False
    """True if calls may fail, as at a fixed rate above the capacity of a server."""
    details: tuple[str, ...] = field(default=())
    """Further figures that the table shows."""

    @property
    def load_arguments(self) -> tuple[str, ...]:
        """Return the arguments of the load: the boards, and the calls to make."""
        dataset = self.dataset
        size = ("-contests", str(dataset.contests), "-users", str(dataset.users))
        return (*size, *self.arguments, *(("-request-ids",) if self.request_ids else ()))


@dataclass(frozen=True)
class Sizes:
    """The sizes of boards, and the numbers of watchers."""

    boards: Mapping[str, int]
    """The users of the boards on which updates and ranks are compared, by name, smallest first.
    There are `small`, `hot` and `big`."""
    contests: int
    users_each: int
    crowds: tuple[int, ...]
    """Numbers of watchers."""

    @property
    def extremes(self) -> tuple[str, str]:
        """The names of the smallest and of the largest board."""
        names = list(self.boards)
        return names[0], names[-1]


FULL = Sizes(
    MappingProxyType({"small": 1_000, "hot": 100_000, "big": 1_000_000, "huge": 10_000_000}),
    1_000,
    1_000,
    (1_000, 10_000),
)
QUICK = Sizes(
    MappingProxyType({"small": 1_000, "hot": 100_000, "big": 300_000}), 200, 100, (1_000,)
)
