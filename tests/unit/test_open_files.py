"""The limit of open files, and the limit of connections that follows from it."""

import subprocess
import sys

import pytest

from leaderboard_server.open_files import MOST_CONNECTIONS, RESERVED_FILES, max_connections

_RAISE = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))
from leaderboard_server.open_files import max_connections, raise_open_files
print(*raise_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE), max_connections())
"""


def test_the_soft_limit_is_raised_to_the_hard_limit() -> None:
    """After the start the soft limit is the hard one, and connections are limited below it."""
    # A process of its own, since a hard limit can't be raised again.
    shown = subprocess.run(
        [sys.executable, "-c", _RAISE], capture_output=True, check=True, text=True
    ).stdout

    assert [int(number) for number in shown.split()] == [100, 300, 300, 300, 300 - RESERVED_FILES]


@pytest.mark.parametrize(
    ("open_files", "connections"),
    [(20_000, 20_000 - RESERVED_FILES), (100, 50), (1, 1), (2**40, MOST_CONNECTIONS)],
)
def test_connections_leave_files_for_the_rest(open_files: int, connections: int) -> None:
    """Connections never take all files, and a low limit leaves half of them."""
    assert max_connections(open_files) == connections
