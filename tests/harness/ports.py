"""
Chooses loopback ports that stay free while their process is down.

The ports are below the kernel's range for outgoing connections. A port of that range could be
taken by any client between a kill and the next start, even by one that connects to this port.
"""

import os
import random
import socket

_FIRST, _LAST = 20_000, 32_000
_SHARES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_SHARE = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Each test process has ports of its own: the port of a stopped store looks free to others."""
_given: set[int] = set()


def free_port() -> int:
    """
    Choose a TCP port that nothing listens on and that this test process has not used yet.

    Raises:
        AssertionError: No port is free.
    """
    for port in random.SystemRandom().sample(range(_FIRST + _SHARE, _LAST, _SHARES), 200):
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise AssertionError(f"no free port among 200 of {_FIRST} to {_LAST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
