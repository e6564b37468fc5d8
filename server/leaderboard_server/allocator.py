"""Tunes the C allocator, which Python and the front share."""

import ctypes

_MMAP_THRESHOLD = -3
"""The number of the option in `malloc.h` of glibc."""
_LARGE_BYTES = 256 * 2**10


def return_large_blocks() -> None:
    """Have glibc return each block of 256 KiB or more to the system when it is freed.

    By default glibc raises this bound to the largest block that was freed. Then blocks of 1 MiB lie
    among small ones, which keep their memory for long: a second burst of large requests took three
    times the memory of the first. Other C libraries have no such option.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
