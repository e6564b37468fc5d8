"""Entries of the access log: what they show of a call, and what they never show."""

import contextlib
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.requests import valid_request
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.access_log import log_calls, observation
from leaderboard_server.transport.observation import UNKNOWN_PATH, EndedCall

PERSONAL = "personal"
"""In each value that may be shown nowhere."""
METHODS = {
    method.name: f"/{service.full_name}/{method.name}"
    for file in (pb.DESCRIPTOR, contests_pb2.DESCRIPTOR)
    for service in file.services_by_name.values()
    for method in service.methods
}
WITHOUT_CONTEST = {"BatchUpdateScores", "ListContests", "EraseUser"}
"""Methods whose requests name no contest, or several ones."""


def ended(path: str, request: bytes = b"", **changed: Any) -> EndedCall:
    """Return the record of a call."""
    values: dict[str, Any] = {
        "code": 0,
        "seconds": 0.0123456,
        "response_bytes": 40,
        "peer": "127.0.0.1:50000",
        "trace_context": None,
    }
    return EndedCall(path=path, request=request, **values | changed)


@contextlib.contextmanager
def logging_to(file: io.StringIO) -> Iterator[None]:
    """Write the log as lines of JSON to a file."""
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(file),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def logged(*calls: EndedCall) -> str:
    """Return the text that is logged for calls."""
    file = io.StringIO()
    with logging_to(file):
        log_calls(calls)
    return file.getvalue()


def entry_of(call: EndedCall) -> dict[str, Any]:
    """Return the entry of one call."""
    (line,) = logged(call).splitlines()
    entry: dict[str, Any] = json.loads(line)
    return entry


def test_an_entry() -> None:
    """It has the method, code, time, sizes, contest, request id, caller and trace of a call."""
    request = pb.UpdateScoreRequest(
        contest_id="cup", user_id="ada", points=5, request_id="r-1", display_name="Ada"
    ).SerializeToString()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    assert entry_of(ended(METHODS["UpdateScore"], request, code=14, trace_context=trace)) == {
        "event": "call",
        "method": "leaderboard.v1.LeaderboardService/UpdateScore",
        "code": "UNAVAILABLE",
        "ms": 12.346,
        "request_bytes": len(request),
        "response_bytes": 40,
        "contest_id": "cup",
        "request_id": "r-1",
        "peer": "127.0.0.1:50000",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }


@pytest.mark.parametrize("rpc", METHODS)
def test_the_contest_of_each_request(rpc: str) -> None:
    """The entry names the contest of a request of each method that has one."""
    request = valid_request(rpc, "cup").SerializeToString()

    entry = entry_of(ended(METHODS[rpc], request))

    assert entry.get("contest_id") == (None if rpc in WITHOUT_CONTEST else "cup")
    assert "trace_id" not in entry


def test_a_request_id_of_each_request_that_has_one() -> None:
    """The request id of a request is shown, whatever its type."""
    with_id = {
        rpc
        for rpc in METHODS
        if "request_id" in valid_request(rpc, "cup").DESCRIPTOR.fields_by_name
    }

    assert "UpdateScore" in with_id
    for rpc in with_id:
        request: Any = valid_request(rpc, "cup")
        request.request_id = "r-1"
        assert entry_of(ended(METHODS[rpc], request.SerializeToString()))["request_id"] == "r-1"


def test_a_batch() -> None:
    """The entry of a batch has the number of its updates and of their contests, and no ids."""
    updates = [
        pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", request_id="r-1")
        for contest_id in ("cup", "league", "cup")
    ]
    request = pb.BatchUpdateScoresRequest(updates=updates).SerializeToString()

    entry = entry_of(ended(METHODS["BatchUpdateScores"], request))

    assert (entry["updates"], entry["contests"]) == (3, 2)
    assert not entry.keys() & {"contest_id", "request_id"}


@pytest.mark.parametrize(
    "call",
    [
        ended(UNKNOWN_PATH, b"\x0a\x03cup", code=12),
        ended("/grpc.health.v1.Health/Check", b"\x0a\x03cup"),
        ended(METHODS["UpdateScore"], b"\x0a\x40cup", code=3, peer=""),
        ended(METHODS["UpdateScore"], b"\x0a\x03cup" * 2**19, code=8),
        ended(METHODS["GetTopUsers"]),
    ],
)
def test_a_request_without_readable_ids(call: EndedCall) -> None:
    """Other services, broken and too large requests have an entry without ids."""
    entry = entry_of(call)

    assert entry["method"] == call.path.removeprefix("/")
    assert entry["request_bytes"] == len(call.request)
    assert not entry.keys() & {"contest_id", "request_id", "updates", "contests"}
    assert ("peer" in entry) == bool(call.peer)


def test_calls_together() -> None:
    """Calls that are reported together are lines in their order."""
    calls = [ended(METHODS[rpc]) for rpc in METHODS]

    methods = [json.loads(line)["method"] for line in logged(*calls).splitlines()]

    assert methods == [path[1:] for path in METHODS.values()]


def test_what_is_reported() -> None:
    """A listener reports nothing without an access log, and else all calls or those that failed."""
    assert observation("off", trace_contexts=False).on_ended is None
    assert not observation("all", trace_contexts=False).errors_only
    assert observation("errors", trace_contexts=False).errors_only


_odd = st.text(max_size=20) | st.from_regex(re.compile(r"[!-~]{0,20}"), fullmatch=True)
_personal = st.builds(lambda before, after: f"{before}{PERSONAL}{after}", _odd, _odd)
_contest_id = st.from_regex(re.compile(r"[A-Za-z0-9_][0-9._:-]{0,20}"), fullmatch=True)
_unfit_id = _personal.map(lambda text: f"{text} ")
_update = st.builds(
    pb.UpdateScoreRequest,
    contest_id=_contest_id | _unfit_id,
    user_id=_personal,
    points=st.integers(-(2**53), 2**53),
    request_id=_contest_id | _unfit_id,
    event_type=_personal,
    display_name=_personal,
    attributes=st.dictionaries(_personal, _personal, max_size=3),
)


@st.composite
def _requests(draw: st.DrawFn) -> tuple[str, Message]:
    """Return a method and a request, whose every text that may not be shown has `PERSONAL`."""
    rpc = draw(st.sampled_from(sorted(METHODS)))
    if rpc == "UpdateScore":
        return rpc, draw(_update)
    if rpc == "BatchUpdateScores":
        return rpc, pb.BatchUpdateScoresRequest(updates=draw(st.lists(_update, max_size=4)))
    request: Any = valid_request(rpc, draw(_contest_id | _unfit_id))
    fields = request.DESCRIPTOR.fields_by_name
    if "user_id" in fields:
        request.user_id = draw(_personal)
    if "user_ids" in fields:
        request.user_ids[:] = draw(st.lists(_personal, max_size=3))
    if "page_token" in fields:
        request.page_token = draw(_personal)
    if "contest" in fields:
        request.contest.display_name = draw(_personal)
    return rpc, request


@settings(max_examples=50)
@given(_requests(), st.binary(max_size=4), st.integers(0, 200))
def test_no_personal_data(called: tuple[str, Message], noise: bytes, cut: int) -> None:
    """No line has a user id, a name, an attribute or an invalid id, whatever bytes a request is."""
    rpc, request = called
    data = request.SerializeToString()

    text = logged(ended(METHODS[rpc], data))
    of_broken = logged(ended(METHODS[rpc], data[:cut] + noise + data[cut:]))

    assert PERSONAL not in text
    for line in (text, of_broken):
        assert json.loads(line)["event"] == "call"
        assert line.count("\n") == 1
