"""Memory of large blocks after they were freed."""

import subprocess
import sys

_KEPT = """
import os, resource
from leaderboard_server.allocator import return_large_blocks

def resident():
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

return_large_blocks()
bytearray(2**24)  # by default glibc keeps smaller blocks from now on
before = resident()
blocks, small = [], []
for _ in range(100):
    blocks.append(bytearray(b"x") * 2**20)
    small.append(bytearray(2_000))
most = resident()
del blocks
print(before, most, resident())
"""


def test_large_blocks_are_returned_to_the_system() -> None:
    """A hundred blocks of 1 MiB are not kept when they are freed, though small ones lie between."""
    shown = subprocess.run(
        [sys.executable, "-c", _KEPT], capture_output=True, check=True, text=True
    ).stdout

    before, most, after = map(int, shown.split())
    assert most - before >= 100
    assert after - before < 10
