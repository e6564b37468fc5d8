"""Calls a server with the real grpcurl."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[2]
_TOOLS = PROJECT / ".tools" / "bin"
_SEARCH_PATH = os.pathsep.join([str(_TOOLS), os.environ.get("PATH", os.defpath)])


class Printed(NamedTuple):
    """The result of a command."""

    exit_code: int
    text: str
    """Output and errors, in order."""


def is_there() -> bool:
    """Return whether grpcurl is installed, by `make tools` or in PATH."""
    return shutil.which("grpcurl", path=_SEARCH_PATH) is not None


async def grpcurl(address: str, *arguments: str, options: tuple[str, ...] = ()) -> Printed:
    """Run grpcurl with options, the address and arguments."""
    return await _run("grpcurl", "-plaintext", *options, address, *arguments)


async def _run(*command: str) -> Printed:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"PATH": _SEARCH_PATH, "NO_PROXY": "*"},
    )
    try:
        async with asyncio.timeout(20):
            printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Printed(process.returncode, printed.decode())
