"""Writes standings as CSV or as JSON lines, some rows at a time."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.standings.board import Standings
from leaderboard_cli.standings.file_parts import COLUMNS, Description, json_text, safe_cell

_CHUNK = 1_000
"""The rows that are encoded together."""


def encode_csv(standings: Standings) -> Iterator[tuple[int, bytes]]:
    """Yield the parts of a CSV file, each with the number of rows up to its end."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number, user in enumerate(standings.users(), 1):
        writer.writerow(
            (
                user.place,
                user.rank,
                safe_cell(user.user_id),
                user.score,
                safe_cell(user.display_name),
                safe_cell(json_text(_attributes(user))) if user.attributes else "",
            )
        )
        if number % _CHUNK == 0:
            yield number, _taken(text)
    yield len(standings.rows), _taken(text)


def encode_jsonl(standings: Standings) -> Iterator[tuple[int, bytes]]:
    """Yield the parts of a file of JSON lines, each with the number of rows up to its end."""
    text = io.StringIO()
    text.write(f"{json_text(_description(standings).as_record())}\n")
    for number, user in enumerate(standings.users(), 1):
        record = {
            "place": user.place,
            "rank": user.rank,
            "user_id": user.user_id,
            "score": user.score,
            "display_name": user.display_name,
            "attributes": _attributes(user),
        }
        text.write(f"{json_text(record)}\n")
        if number % _CHUNK == 0:
            yield number, _taken(text)
    yield len(standings.rows), _taken(text)


def _attributes(user: pb.RankedUser) -> dict[str, str]:
    return dict(sorted(user.attributes.items()))


def _description(standings: Standings) -> Description:
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    return Description(
        contest_id=standings.contest_id,
        season=standings.season,
        position=standings.position,
        rules=standings.rules,
        total_users=len(standings.rows),
        exported_at=f"{now.isoformat()}Z",
    )


def _taken(text: io.StringIO) -> bytes:
    """Return the text so far, and empty it."""
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken
