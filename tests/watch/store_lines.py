"""Lines to the store that can fall silent for good, and that count the calls of each script."""

from collections import Counter

from harness.lookout import Lookout
from harness.proxy import StoreProxy
from leaderboard_server.storage import scripts

_SCRIPTS = (
    "commit",
    "ranks",
    "read_log",
    "read_log_backward",
    "read_position",
    "top",
)


class WatchedLine(StoreProxy):
    """
    A proxy before the store.

    Attributes:
        calls: How often each script was called through it, by name.
        contests: How often scripts were called through it, by contest.
    """

    def __init__(self, store_port: int) -> None:
        super().__init__(store_port)
        self.calls: Counter[str] = Counter()
        self.contests: Counter[str] = Counter()
        self._silent: set[object] = set()
        self._names = {getattr(scripts, name.upper()).sha.encode(): name for name in _SCRIPTS}

    def fall_silent(self, *commands: str) -> int:
        """
        Swallow all bytes of the present connections of the given commands, for good.

        Connections that are opened later work, as when a firewall forgot the old ones.

        Returns:
            How many connections that are.
        """
        chosen = {line for line in self._lines if line.belongs_to(commands)}
        self._silent |= chosen
        return len(chosen)

    def swallows(self, line: object) -> bool:
        """See `StoreProxy.swallows`."""
        return line in self._silent or super().swallows(line)  # type: ignore[arg-type]

    def note(self, name: str, command: list[bytes]) -> Lookout | None:
        """See `StoreProxy.note`."""
        if name == "EVALSHA":
            self.calls[self._names[command[1]]] += 1
            self.contests[command[3].decode().split("{")[1].split("}")[0]] += 1
        return super().note(name, command)
