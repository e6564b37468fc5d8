"""The examples in the README of the TypeScript client print the output that is shown there."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from clients.languages import PRESENT, ROOT
from harness.service import ServiceProcess

_CLIENT = ROOT / "clients" / "typescript"
_EXAMPLE = re.compile(r"```js\n((?:(?!```).)*)```\n(?:\n[^\n]+\n)?\n```text\n(.*?)```", re.DOTALL)
"""An example, and what it prints; a line of text may be between them."""
_WHOLE = """\
import { Client } from "@leaderboard/client";
const client = new Client("127.0.0.1:50051");
%s
client.close();
"""
"""The program of an example that has no client of its own."""


def _examples() -> Sequence[tuple[str, str]]:
    """Return each example as a program, and what it prints."""
    readme = (_CLIENT / "README.md").read_text(encoding="utf-8")
    return [
        (code if "new Client" in code else _WHOLE % code, printed)
        for code, printed in _EXAMPLE.findall(readme)
    ]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(
    all(language.name != "typescript" for language in PRESENT),
    reason="the TypeScript client is built by `make client-typescript`",
)
async def test_the_readme(service: ServiceProcess, tmp_path: Path) -> None:
    """The examples, one after another on a new server, print what the README shows."""
    installed = tmp_path / "node_modules" / "@leaderboard" / "client"
    installed.parent.mkdir(parents=True)
    installed.symlink_to(_CLIENT)
    program = tmp_path / "example.mjs"
    node = shutil.which("node")
    assert node, "the client was built with it"
    examples = _examples()

    for code, printed in examples:
        program.write_text(code.replace("127.0.0.1:50051", service.address), encoding="utf-8")
        done = await asyncio.to_thread(_run, node, str(program))
        assert done.stdout == printed, f"{code}{done.stderr}"

    assert len(examples) == 8
