"""A file of events is read line by line: each line is an update, or bad for a named reason."""

import json

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.file_format import FileFormat
from leaderboard_cli.import_.event_file import (
    EventFileError,
    EventLine,
    read_events,
)
from leaderboard_cli.import_.lines import BadLine

HEADER = "event_time,contest_id,user_id,points,event_type,display_name"


def read(text: str | bytes, file_format: FileFormat = FileFormat.CSV) -> list[EventLine | BadLine]:
    """Read a file that holds just this text."""
    raw = text if isinstance(text, bytes) else text.encode()
    return list(read_events(raw.splitlines(keepends=True), file_format))


def updates(lines: list[EventLine | BadLine]) -> list[pb.UpdateScoreRequest]:
    """Return the updates of lines that are all good."""
    assert not [line for line in lines if isinstance(line, BadLine)]
    return [line.update for line in lines if isinstance(line, EventLine)]


def bad(lines: list[EventLine | BadLine]) -> list[str]:
    """Return the texts of the bad lines."""
    return [str(line) for line in lines if isinstance(line, BadLine)]


def test_csv_gives_all_fields() -> None:
    """Each column of a CSV line sets the field of its name."""
    [update] = updates(
        read(
            "event_time,contest_id,user_id,points,event_type,display_name,mode,request_id\n"
            '1916-07-02T12:44:00Z,copa,jose.uruguay,-3,goal,"José, ""Pepe""",best,id-1\n'
        )
    )

    assert update == pb.UpdateScoreRequest(
        contest_id="copa",
        user_id="jose.uruguay",
        points=-3,
        mode=pb.UPDATE_MODE_BEST,
        request_id="id-1",
        event_type="goal",
        event_time=Timestamp(seconds=-1_688_296_560),
        display_name='José, "Pepe"',
    )


def test_json_lines_give_the_same_updates_as_csv() -> None:
    """The same events as JSON lines are the same updates, with the same request ids."""
    names = HEADER.split(",")
    values = ["1916-07-02T12:44:00Z", "copa", "jose", "1", "goal", "José"]
    record = dict(zip(names, values, strict=True)) | {"points": 1, "mode": None}

    from_csv = read(f"{HEADER}\n{','.join(values)}\n")
    from_json = read(json.dumps(record) + "\n", FileFormat.JSONL)

    assert updates(from_csv) == updates(from_json)


def test_attributes_are_columns_and_an_object() -> None:
    """Columns of CSV and an object of JSON give the same attributes; empty ones are none."""
    csv_text = (
        "contest_id,user_id,attributes.team,points,attributes.country\n"
        "chess,ada,red,1,uk\nchess,bob,,1,fr\nchess,eve,,1,\n"
    )
    attributes = [{"team": "red", "country": "uk"}, {"team": "", "country": "fr"}, None]
    records = [
        {"contest_id": "chess", "user_id": user, "points": 1, "attributes": each}
        for user, each in zip(("ada", "bob", "eve"), attributes, strict=True)
    ]

    from_csv = updates(read(csv_text))
    from_json = updates(read("\n".join(map(json.dumps, records)), FileFormat.JSONL))

    assert from_csv == from_json
    assert [dict(update.attributes) for update in from_csv] == [
        {"team": "red", "country": "uk"},
        {"country": "fr"},
        {},
    ]


def test_attributes_are_values_of_an_event() -> None:
    """Events with other attributes are other events; without any the id is that of a plain line."""
    header = "contest_id,user_id,points,attributes.team\n"

    red, blue, none = updates(read(f"{header}c,u,1,red\nc,u,1,blue\nc,u,1,\n"))

    assert len({red.request_id, blue.request_id}) == 2
    assert [none.request_id] == ids("c,u,1\n")


@pytest.mark.parametrize("column", ["attributes", "attributes.", "attributes.Team", "team"])
def test_a_column_that_is_no_attribute_is_unknown(column: str) -> None:
    """An attribute's column has its key, of the characters that the contract allows."""
    with pytest.raises(EventFileError, match=r"unknown column .* attributes\.KEY"):
        read(f"contest_id,user_id,points,{column}\n")


def test_columns_come_in_any_order() -> None:
    """The order of the columns is free, and optional ones may be absent or empty."""
    [one, other] = updates(
        read("points,event_type,user_id,contest_id\n1,,ada,chess\n2,win,ada,chess")
    )

    assert (one.user_id, one.points, one.event_type) == ("ada", 1, "")
    assert (other.contest_id, other.points, other.event_type) == ("chess", 2, "win")
    assert not one.HasField("event_time")
    assert one.mode == pb.UPDATE_MODE_UNSPECIFIED


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_byte_order_marks_blanks_and_line_ends_are_ignored(end: str) -> None:
    """A byte order mark, blank lines and Windows line ends change nothing but the numbers."""
    text = end.join(["\ufeffcontest_id,user_id,points", "", "chess,ada,1", "  ", "chess,bob,2", ""])

    lines = read(text)

    assert [(line.number, line.update.points) for line in lines if isinstance(line, EventLine)] == [
        (3, 1),
        (5, 2),
    ]
    assert not bad(lines)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("chess,ada", "has 2 columns and not 3"),
        ("chess,ada,1,2", "has 4 columns and not 3"),
        ("chess,ada,x", "points 'x' is not an integer"),
        ("chess,ada,", "points '' is not an integer"),
        ("chess,ada,9007199254740993", "points 9007199254740993 is beyond 2^53"),
        (",ada,1", "contest_id is missing"),
        ("ch ess,ada,1", "contest_id 'ch ess' does not match [A-Za-z0-9_][A-Za-z0-9._:-]{0,127}"),
        (
            "chess,é,1",
            "user_id 'é' is not 1 to 128 printable ASCII characters without space, \" and \\",
        ),
        ('chess,"ada,1', "is not CSV: unexpected end of data"),
        ('chess,"ada"x,1', "is not CSV: ',' expected after '\"'"),
    ],
)
def test_a_bad_csv_line_is_named(line: str, reason: str) -> None:
    """A bad line is named with its number and reason, and those around it are read."""
    lines = read(f"contest_id,user_id,points\nchess,ada,1\n{line}\nchess,bob,2\n")

    assert bad(lines) == [f"line 3: {reason}"]
    assert [line.number for line in lines] == [2, 3, 4]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes"),
        ("[" * 100_000, "is not JSON: out of bounds"),
        ("[]", "is not a JSON object"),
        ('{"contest_id": "c", "user_id": "u"}', "points '' is not an integer"),
        ('{"contest_id": "c", "user_id": "u", "points": 1.0}', "points 1.0 is not an integer"),
        ('{"contest_id": "c", "user_id": "u", "points": true}', "points True is not an integer"),
        ('{"contest_id": "c", "user_id": "u", "points": NaN}', "points nan is not an integer"),
        ('{"contest_id": "c", "user_id": 7, "points": 1}', "user_id 7 is not a string"),
        ('{"contest_id": "c", "user": "u", "points": 1}', "has the unknown name 'user'"),
        (
            '{"contest_id": "c", "user_id": "u", "points": 1, "mode": "SET"}',
            "mode 'SET' is not one of increment, set, best",
        ),
        (
            '{"contest_id": "c", "user_id": "u", "points": 1, "attributes": "team=red"}',
            "attributes 'team=red' is not an object",
        ),
        (
            '{"contest_id": "c", "user_id": "u", "points": 1, "attributes": {"age": 7}}',
            "attributes.age 7 is not a string",
        ),
        (
            '{"contest_id": "c", "user_id": "u", "points": 1, "attributes": {"Team": "red"}}',
            "has the unknown name 'attributes.Team'",
        ),
        (
            '{"contest_id": "c", "user_id": "u", "points": 1, "display_name": "\\ud800"}',
            r"display_name '\ud800' holds the control character '\ud800'",
        ),
    ],
)
def test_a_bad_json_line_is_named(line: str, reason: str) -> None:
    """A bad line of JSON is named with its number and reason."""
    assert bad(read(f"\n{line}\n", FileFormat.JSONL)) == [f"line 2: {reason}"]


def test_points_of_json_may_be_text() -> None:
    """Points may be a string, as the JSON of protobuf writes 64-bit numbers."""
    line = '{"contest_id": "c", "user_id": "u", "points": "-9007199254740992"}'

    [update] = updates(read(line, FileFormat.JSONL))

    assert update.points == -(2**53)


@pytest.mark.parametrize("file_format", FileFormat)
def test_a_line_that_is_not_utf8_is_bad(file_format: FileFormat) -> None:
    """A line that is not UTF-8 is bad, and the next one is read."""
    good = {
        FileFormat.CSV: b"chess,ada,1",
        FileFormat.JSONL: b'{"contest_id": "chess", "user_id": "ada", "points": 1}',
    }[file_format]
    lines = read(b"contest_id,user_id,points\nchess,\xff\xfe,1\n" + good, file_format)

    assert "line 2: is not UTF-8 from byte 7 on" in bad(lines)
    assert isinstance(lines[-1], EventLine)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "line 1: the header lacks contest_id, user_id, points"),
        ("contest_id,points", "line 1: the header lacks user_id"),
        (
            "contest_id,user_id,points,colour",
            (
                "line 1: unknown column 'colour'; the columns are contest_id, user_id, points, "
                "event_time, event_type, display_name, mode, request_id, attributes.KEY"
            ),
        ),
        ("contest_id,user_id,points,points", "line 1: the header names a column twice"),
        ('contest_id,"user_id', "line 1: the header is not CSV: unexpected end of data"),
        (b"\xff\xfec\0o\0", "line 1: the header is not UTF-8"),
    ],
)
def test_a_bad_header_rejects_the_file(header: str | bytes, reason: str) -> None:
    """A bad header rejects the whole file with a reason."""
    with pytest.raises(EventFileError) as refused:
        read(header)

    assert str(refused.value) == reason


def ids(text: str) -> list[str]:
    """Return the request ids of a CSV file without a header."""
    return [update.request_id for update in updates(read(f"contest_id,user_id,points\n{text}"))]


def test_the_same_file_has_the_same_ids() -> None:
    """Reading again gives the same ids, also when lines were appended."""
    first = ids("chess,ada,1\nchess,bob,1\nchess,ada,1\n")

    again = ids("chess,ada,1\nchess,bob,1\nchess,ada,1\nchess,ada,1\nchess,eve,1\n")

    assert again[:3] == first


def test_equal_lines_are_different_events() -> None:
    """Every event of a file has an id of its own, also if its values equal those of another."""
    found = ids("chess,ada,1\n" * 50 + "go,ada,1\nchess,ada,2\n")

    assert len(set(found)) == 52


def test_ids_follow_from_the_values_of_a_line() -> None:
    """Neither the spelling of a line nor other lines before it change its id."""
    [plain] = ids("chess,ada,1\n")
    [_, quoted] = ids('go,bob,3\n"chess","ada",+01\n')

    assert plain == quoted


def test_ids_are_those_of_earlier_versions() -> None:
    """The ids stay as they were, so that no upgrade makes a file count twice."""
    assert ids("chess,ada,1\nchess,ada,1\n") == [
        "4ef1e407-0e0c-54a6-80a3-65e18548915d",
        "08b7f285-4b93-5917-ae64-b5e8697e67b3",
    ]


def test_own_ids_are_kept() -> None:
    """A line with a request id of its own keeps it, and does not change other ids."""
    lines = read("contest_id,user_id,points,request_id\nchess,ada,1,mine\nchess,ada,1,\n")

    [own, derived] = [update.request_id for update in updates(lines)]

    assert own == "mine"
    assert [derived] == ids("chess,ada,1\n")
