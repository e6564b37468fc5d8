"""Runs the programs that put load on a server, and reads what they print.

`load/` does everything whose requests differ from call to call or whose answers are checked.
h2load (of nghttp2) sends one request over and over and looks at no answer: it is used, beside it,
for the jobs that are no more than that, as a second witness that is not of our making.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.paths import LOAD, other_cores, pinned
from leaderboard.v1 import leaderboard_pb2 as pb

_PATIENCE_S = 180.0
"""What a run may take beyond its counted time: gathering 10,000 watchers, and slow last answers."""

_METHOD = "/leaderboard.v1.LeaderboardService/GetTopUsers"
_FINISHED = re.compile(r"finished in ([\d.]+)(us|ms|s), ([\d.]+) req/s")
_REQUESTS = re.compile(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout")


class LoadError(Exception):
    """The load did not run to its end, or an answer was not what it must be."""


def run_load(
    address: str,
    arguments: Sequence[str],
    seconds: float,
    *,
    may_fail: bool = False,
    gives_way: bool = False,
) -> dict[str, Any]:
    """Run the load of this benchmark and return what it printed.

    Args:
        address: HOST:PORT of the server.

        arguments: What the job adds.

        seconds: How long to count.

        may_fail: Whether calls may fail; their number is `failed` then, and those of them that are
            updates and may have been written are `uncertain`.

        gives_way: Whether the store comes first on the core that they share, so that the load
            can't starve it.

    Raises:
        LoadError: It failed, or any call did that may not.
    """
    command = ["nice", "-n", "10"] if gives_way else []
    command += [str(LOAD), "-address", address, "-duration", f"{seconds}s", *arguments]
    printed = parse_result(_output(command, seconds))
    failed = {
        name: kind["errors"] for name, kind in printed.get("kinds", {}).items() if kind["errors"]
    }
    if failed and not may_fail:
        raise LoadError(f"calls failed: {failed}")
    counts = {name: sum(errors.values()) for name, errors in failed.items()}
    return printed | {"failed": sum(counts.values()), "uncertain": counts.get("update", 0)}


def parse_result(text: str) -> dict[str, Any]:
    """Read the line of JSON that the load prints.

    Raises:
        LoadError: It is none.
    """
    try:
        printed = json.loads(text)
    except ValueError as error:
        raise LoadError(f"the load printed {text[:200]!r}") from error
    if not isinstance(printed, dict):
        raise LoadError(f"the load printed {text[:200]!r}")
    return printed


def run_h2load(address: str, limit: int, seconds: float) -> dict[str, Any]:
    """Read the first rows of the contest `hot` over and over, and return the rate.

    Args:
        address: HOST:PORT of the server.

        limit: How many rows; 0 for a request without bytes.

        seconds: How long to count.

    Raises:
        LoadError: It failed, or any call did as far as h2load can tell.
    """
    request = pb.GetTopUsersRequest(contest_id="hot", limit=limit) if limit else None
    message = request.SerializeToString() if request else b""
    with tempfile.NamedTemporaryFile() as body:
        body.write(b"\0" + len(message).to_bytes(4, "big") + message)
        body.flush()
        options = [
            "-t1",
            "-c4",
            "-m16",
            "--warm-up-time=1s",
            f"--duration={max(1, round(seconds))}",
        ]
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        url = f"http://{address}{_METHOD}"
        text = _output(["h2load", *options, *headers, "-d", body.name, url], seconds)
    return {"rate": parse_h2load(text)}


def parse_h2load(text: str) -> float:
    """Read the calls a second from what h2load prints.

    Raises:
        LoadError: It says that calls failed, or says nothing.
    """
    finished, requests = _FINISHED.search(text), _REQUESTS.search(text)
    if not finished or not requests:
        raise LoadError(f"h2load printed {text[-400:]!r}")
    if any(int(count) for count in requests.groups()[1:]):
        raise LoadError(f"h2load: {requests.group(0)}")
    return float(finished.group(3))


def _output(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(
            pinned(other_cores(), command),
            capture_output=True,
            text=True,
            timeout=seconds + _PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LoadError(f"{Path(command[0]).name} did not end") from error
    if done.returncode:
        raise LoadError(f"{Path(command[0]).name}: {done.stderr.strip()[-400:]}")
    return done.stdout
