"""The Lua scripts that read and change contests, each in a file of its own."""

from functools import cache
from importlib import resources


@cache
def source(name: str) -> str:
    """Return the whole text of the script `name`, which follows the shared `position.lua`."""
    folder = resources.files(__name__)
    shared = folder.joinpath("position.lua").read_text(encoding="utf-8")
    return shared + "\n" + folder.joinpath(f"{name}.lua").read_text(encoding="utf-8")
