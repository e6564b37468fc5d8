"""A proxy that counts the calls of each script, and can silence connections for good."""

from collections import Counter

from harness.interceptor import CommandInterceptor
from harness.proxy import StoreProxy
from leaderboard_server.storage import scripts

_SCRIPTS = (
    "recover",
    "commit",
    "create_contest",
    "fill_registry",
    "kept_ranks",
    "kept_score_ranks",
    "kept_top",
    "list_seasons",
    "ranks",
    "read_contest",
    "read_log",
    "read_log_backward",
    "read_position",
    "register_contest",
    "registered_contests",
    "score_ranks",
    "top",
    "update_contest",
)


class CountingProxy(StoreProxy):
    """
    A proxy that counts calls.

    Attributes:
        calls: The number of calls of each script, by name.
        contests: The number of calls of all scripts, by contest.
    """

    def __init__(self, *store_ports: int) -> None:
        super().__init__(*store_ports)
        self.calls: Counter[str] = Counter()
        self.contests: Counter[str] = Counter()
        self._silent: set[object] = set()
        self._names = {getattr(scripts, name.upper()).sha.encode(): name for name in _SCRIPTS}

    def silence(self, *commands: str) -> int:
        """
        Swallow all bytes of the open connections of the given commands, for good.

        Connections that are opened later work, as when a firewall dropped the old ones.

        Returns:
            The number of these connections.
        """
        chosen = {connection for connection in self._connections if connection.belongs_to(commands)}
        self._silent |= chosen
        return len(chosen)

    def swallows(self, connection: object) -> bool:
        """See `StoreProxy.swallows`."""
        return connection in self._silent or super().swallows(connection)  # type: ignore[arg-type]

    def observe(self, name: str, command: list[bytes]) -> CommandInterceptor | None:
        """See `StoreProxy.observe`."""
        if name == "EVALSHA":
            self.calls[self._names[command[1]]] += 1
            self.contests[command[3].decode().split("{")[1].split("}")[0]] += 1
        return super().observe(name, command)
