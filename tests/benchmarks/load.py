"""Runs the load programs, and reads their results.

`load/` makes all calls with varying requests or checked responses. h2load (of nghttp2) repeats one
request and ignores the responses. It is used for jobs that need no more, as an independent check.
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
"""The time limit of a run beyond its counted time, for 10,000 watchers and slow responses."""

_METHOD = "/leaderboard.v1.LeaderboardService/GetTopUsers"
_FINISHED = re.compile(r"finished in ([\d.]+)(us|ms|s), ([\d.]+) req/s")
_REQUESTS = re.compile(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout")


class LoadError(Exception):
    """The load did not finish, or a response was wrong."""


def run_load(
    address: str,
    arguments: Sequence[str],
    seconds: float,
    *,
    may_fail: bool = False,
    gives_way: bool = False,
) -> dict[str, Any]:
    """Run the load of this benchmark, and return its result.

    Args:
        address: HOST:PORT of the server.

        arguments: The arguments of the job.

        seconds: How long to count.

        may_fail: True if calls may fail; the result then has their number as `failed`, and that of
            failed updates that may have been written as `uncertain`.

        gives_way: True to run the load at a lower priority than the store, which shares its core.

    Raises:
        LoadError: The load failed, or a call that must not fail.
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
    """Parse the line of JSON that the load prints.

    Raises:
        LoadError: The line is not a JSON object.
    """
    try:
        printed = json.loads(text)
    except ValueError as error:
        raise LoadError(f"the load printed {text[:200]!r}") from error
    if not isinstance(printed, dict):
        raise LoadError(f"the load printed {text[:200]!r}")
    return printed


def run_h2load(address: str, limit: int, seconds: float) -> dict[str, Any]:
    """Read the first rows of the contest `hot` repeatedly, and return the rate.

    Args:
        address: HOST:PORT of the server.

        limit: The number of rows; 0 for an empty request.

        seconds: How long to count.

    Raises:
        LoadError: h2load failed, or it reported failed calls.
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
    """Parse the calls per second in the output of h2load.

    Raises:
        LoadError: Calls failed, or the output has no summary.
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
