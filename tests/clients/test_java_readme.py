"""The programs in the README of the Java client, run as a reader runs them."""

import asyncio
import re
import subprocess
from pathlib import Path

import pytest

from clients.languages import LANGUAGES, ROOT
from harness.service import ServiceProcess

_FOLDER = ROOT / "clients" / "java"
_README = (_FOLDER / "README.md").read_text(encoding="utf-8")
_FIRST_PROGRAM = re.compile(r"<<'END'\n(.*?)^END$", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^```java\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PROGRAM = """\
import io.leaderboard.client.*;
import java.nio.file.Path;
import java.time.*;
import java.util.*;
import java.util.concurrent.*;

public class Readme {
  static LeaderboardClient client;
  static io.grpc.ClientInterceptor tracing =
      io.grpc.stub.MetadataUtils.newAttachHeadersInterceptor(new io.grpc.Metadata());

  static String currentToken() {
    return "token";
  }

%s
  public static void main(String[] args) throws Exception {
    client = LeaderboardClient.of(args[0]);
%s    client.close();
  }
}
"""
"""The blocks of the README as methods, and calls of those that run without files of a reader."""

_java = next(language for language in LANGUAGES if language.name == "java")
pytestmark = pytest.mark.skipif(bool(_java.missing), reason=_java.missing)


async def test_the_first_program_prints_the_board(service: ServiceProcess, tmp_path: Path) -> None:
    """The first program changes a score, and prints the board."""
    [program] = _FIRST_PROGRAM.findall(_README)
    assert "127.0.0.1:50051" in program

    program = program.replace("127.0.0.1:50051", service.address)
    printed = await asyncio.to_thread(_run, tmp_path / "Hello.java", program)

    assert printed == ["ada has 5, rank 1", "1. ada 5"]


async def test_the_blocks_do_what_they_say(service: ServiceProcess, tmp_path: Path) -> None:
    """Each block of code compiles, and those without files run one after the other."""
    blocks = _BLOCK.findall(_README)
    methods = [
        f"static void block{number}() throws Exception {{\n{block}}}\n"
        for number, block in enumerate(blocks)
    ]
    calls = [
        f"    block{number}();\n" for number, block in enumerate(blocks) if "Path.of" not in block
    ]
    program = _PROGRAM % ("".join(methods), "".join(calls))

    printed = await asyncio.to_thread(_run, tmp_path / "Readme.java", program, service.address)

    assert len(calls) == len(blocks) - 1
    assert "1 ada" in printed
    assert "no score yet: [bob]" in printed
    assert "100 points would be rank 1" in printed
    assert "race has 1 users" in printed
    assert {"cup is OPEN", "cup is over", "1 removed"} < set(printed)
    assert {"season 2: 0 users", "season 1: 1 users", "the winner was ada"} < set(printed)
    assert any(line.startswith("ERROR_REASON_USER_NOT_FOUND") for line in printed)


def _run(source: Path, program: str, *arguments: str) -> list[str]:
    """Run a program of one file, and return the lines that it prints."""
    source.write_text(program, encoding="utf-8")
    class_path = f"{_FOLDER}/target/*:{_FOLDER}/target/lib/*"
    command = ["java", "-cp", class_path, str(source), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
