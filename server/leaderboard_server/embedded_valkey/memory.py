"""Reads how much memory this process may use: that of its control group, or of the machine."""

import os
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_GROUPS = Path("/proc/self/cgroup")

_LIMITS = {"": "memory.max", "memory": "memory.limit_in_bytes"}
"""The file with the limit, by the controller that a line of `_GROUPS` names: none in version 2."""


def default_max_memory() -> int:
    """Return half of the memory, in bytes: a rewrite of the store's log may need the other half."""
    return available_memory() // 2


def available_memory(root: Path = _ROOT, groups: Path = _GROUPS) -> int:
    """Return the memory in bytes that this process and its children may use.

    Args:
        root: Where control groups are mounted.

        groups: The file that names the control groups of this process.
    """
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # Without a limit there is no number, or one beyond any machine.
    return min([installed, *_limits(root, groups)])


def _limits(root: Path, groups: Path) -> Iterator[int]:
    """Return the limits of the control groups of this process, and of the groups around them."""
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return  # not Linux
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in set(controllers.split(",")) & set(_LIMITS):
            group = Path(path.lstrip("/"))
            # In a container only the root is visible, and it is the container's group.
            for around in (group, *group.parents):
                yield from _limit(root / controller / around / _LIMITS[controller])


def _limit(file: Path) -> Iterator[int]:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError:
        return
    if text.isdecimal():
        yield int(text)
