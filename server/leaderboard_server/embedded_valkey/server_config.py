"""The configuration of the embedded Valkey server, and why each setting is what it is."""

from leaderboard_server.embedded_valkey.folder import DataFolder


def arguments(folder: DataFolder) -> tuple[str, ...]:
    """Return the settings of the store of this folder, as arguments for the server.

    There is no configuration file: Valkey takes a `?`, `*` or `[` in the path of one for a pattern,
    and starts with its defaults, open to the network, if that matches nothing. A full disk can't
    keep the store from starting either.
    """
    settings = (*_places(folder), *_DURABILITY, *_LIMITS)
    return tuple(part for name, value in settings for part in (f"--{name}", value))


def _places(folder: DataFolder) -> tuple[tuple[str, str], ...]:
    return (
        # Only the unix socket: nothing of this store can be reached over a network.
        ("port", "0"),
        ("unixsocket", str(folder.socket)),
        ("unixsocketperm", "700"),
        ("dir", str(folder.path)),
        ("logfile", str(folder.log)),
    )


_DURABILITY = (
    ("appendonly", "yes"),
    # With `everysec` the write itself waits for up to 2 s while an older one is being synced, so
    # a kill of the store would lose what it acknowledged. One sync serves all writes of a turn of
    # the event loop, so the price falls with the load.
    ("appendfsync", "always"),
    ("no-appendfsync-on-rewrite", "no"),
    # A kill may cut the last write in two. It was not acknowledged: drop it and start.
    ("aof-load-truncated", "yes"),
    # The log is rewritten when it has doubled, so it stays within a small multiple of the data.
    ("auto-aof-rewrite-percentage", "100"),
    ("auto-aof-rewrite-min-size", "64mb"),
    # Snapshots beside the log would add nothing but work.
    ("save", ""),
)

_LIMITS = (
    # A board must never lose users for want of memory: refuse writes instead.
    ("maxmemory-policy", "noeviction"),
    ("enable-debug-command", "no"),
    ("enable-module-command", "no"),
    ("enable-protected-configs", "no"),
)
