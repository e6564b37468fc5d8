"""Valid and invalid values of each field, by the name of the method and the field's path."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb

Value = str | int | Message

MIN_INT32, MAX_INT32 = -(2**31), 2**31 - 1
MIN_INT64, MAX_INT64 = -(2**63), 2**63 - 1

MIN_SECONDS, MAX_SECONDS = -62_135_596_800, 253_402_300_799
"""The beginning of year 1 and the last second of year 9999."""


@dataclass(frozen=True)
class Values:
    """Values of one field, by a description of each."""

    good: Mapping[str, Value] = field(default_factory=dict)
    bad: Mapping[str, Value] = field(default_factory=dict)


def _encoded(text: str) -> str:
    """Return a text in the form of a page token."""
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


_NO_TOKEN: dict[str, Value] = {
    "a space": "a b",
    "a space at the end": "a ",
    "a tab": "a\tb",
    "a line break at the end": "a\n",
    "a carriage return at the end": "a\r",
    "a line break at the beginning": "\na",
    "NUL": "a\0b",
    "NUL at the end": "a\0",
    "DEL": "a\x7f",
    "an umlaut": "ä",
    "a look-alike": "\N{CYRILLIC SMALL LETTER A}da",
    "a digit of another script": "\N{ARABIC-INDIC DIGIT ONE}",
    "a full-width letter": "\N{FULLWIDTH LATIN SMALL LETTER A}",
    "an emoji": "🏆",
    "a joiner": "a\N{ZERO WIDTH JOINER}b",
    "huge": "a" * 100_000,
}
"""Invalid values of ids and all other tokens."""
_NO_ID: dict[str, Value] = _NO_TOKEN | {
    "a slash": "a/b",
    "a dot first": ".a",
    "a dash first": "-a",
    "a colon first": ":a",
    "an at sign": "a@b",
    "braces": "a{b}",
    "an asterisk": "*",
    "quotes": '"a"',
    "a backslash": "a\\b",
}

CONTEST_ID = Values(
    good={
        "one character": "a",
        "a number": "42",
        "all it may hold": "A9z._:-",
        "a dash at the end": "a-",
        "an underscore first": "_a",
        "128 characters": "c" * 128,
    },
    bad={"missing": "", "129 characters": "c" * 129} | _NO_ID,
)
USER_ID = Values(
    good={
        "one character": "a",
        "a number": "42",
        "all signs": "!#$%&'()*+,-./:;<=>?@[]^_`{|}~",
        "an id of another system": "auth0|1",
        "a mail address": "a+b@example.com",
        "base64": "aGk/+A==",
        "a negative number": "-1",
        "128 characters": "~" * 128,
    },
    bad={
        "missing": "",
        "129 characters": "u" * 129,
        "a space alone": " ",
        "quotes": '"a"',
        "a backslash": "a\\b",
    }
    | _NO_TOKEN,
)
EVENT_TYPE = Values(
    good={"missing": "", "all it may hold": "A9z._:-", "64 characters": "e" * 64},
    bad={"65 characters": "e" * 65, "an underscore first": "_a"} | _NO_ID,
)
REQUEST_ID = Values(
    good={
        "missing": "",
        "one character": "!",
        "a UUID": "0193f2a0-7f1c-7d3e-8b1a-5d2f41aa7e10",
        "all signs": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        "64 characters": "~" * 64,
    },
    bad={"65 characters": "r" * 65, "a space alone": " "} | _NO_TOKEN,
)
DISPLAY_NAME = Values(
    good={
        "missing": "",
        "two words": "Kylian Mbappé",
        "128 code points of one byte": "n" * 128,
        "128 code points of four bytes": "🏆" * 128,
        "four marks": "e" + "\N{COMBINING ACUTE ACCENT}" * 4,
        "right to left": "ليونيل ميسي",
        "joined emoji": "👩\N{ZERO WIDTH JOINER}🚀",
        "a flag of tags": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "quotes and a backslash": '"Ada" \\ {0} %s',
        "a no-break space": "Ada\N{NO-BREAK SPACE}Lovelace",
    },
    bad={
        "129 code points of one byte": "n" * 129,
        "129 code points of four bytes": "🏆" * 129,
        "huge": "n" * 100_000,
        "NUL": "a\0b",
        "a tab": "a\tb",
        "a line break": "a\nb",
        "a line break at the end": "a\n",
        "a carriage return": "a\r",
        "an escape": "\x1b[31mred",
        "DEL": "a\x7f",
        "a next line": "a\x85b",
        "a line separator": "a\N{LINE SEPARATOR}b",
        "a paragraph separator": "a\N{PARAGRAPH SEPARATOR}b",
        "a right-to-left override": "\N{RIGHT-TO-LEFT OVERRIDE}gpj.ada",
        "an isolate": "\N{RIGHT-TO-LEFT ISOLATE}ada",
        "a zero-width space": "a\N{ZERO WIDTH SPACE}b",
        "a soft hyphen": "a\N{SOFT HYPHEN}b",
        "tags without a flag": "a\U000e0061\U000e0062\U000e0063\U000e007f",
        "five marks": "e" + "\N{COMBINING ACUTE ACCENT}" * 5,
        "spaces alone": "  ",
        "a filler alone": "\N{HANGUL FILLER}",
    },
)
MODE = Values(
    good={"missing": 0, "increment": 1, "set": 2, "best": 3},
    bad={"the next one": 4, "negative": -1, "the largest": MAX_INT32, "the least": MIN_INT32},
)
SCOPE = Values(
    good={"missing": 0, "top": 1, "all": 2},
    bad={"the next one": 4, "negative": -1, "the largest": MAX_INT32, "the least": MIN_INT32},
)
TIME = Values(
    good={
        "1970": Timestamp(),
        "before 1970": Timestamp(seconds=-1, nanos=999_999_999),
        "the first moment": Timestamp(seconds=MIN_SECONDS),
        "the last moment": Timestamp(seconds=MAX_SECONDS, nanos=999_999_999),
    },
    bad={
        "before year 1": Timestamp(seconds=MIN_SECONDS - 1, nanos=999_999_999),
        "after year 9999": Timestamp(seconds=MAX_SECONDS + 1),
        "the least seconds": Timestamp(seconds=MIN_INT64),
        "the most seconds": Timestamp(seconds=MAX_INT64),
        "negative nanos": Timestamp(nanos=-1),
        "nanos of a second": Timestamp(nanos=1_000_000_000),
        "the least nanos": Timestamp(nanos=MIN_INT32),
        "the most nanos": Timestamp(nanos=MAX_INT32),
    },
)
MIN_INTERVAL = Values(
    good={
        "zero": Duration(),
        "a nanosecond": Duration(nanos=1),
        "a minute": Duration(seconds=60),
        "almost a minute": Duration(seconds=59, nanos=999_999_999),
    },
    bad={
        "more than a minute": Duration(seconds=60, nanos=1),
        "61 s": Duration(seconds=61),
        "negative": Duration(seconds=-1),
        "a negative nanosecond": Duration(nanos=-1),
        "mixed signs": Duration(seconds=1, nanos=-1),
        "nanos of a second": Duration(nanos=1_000_000_000),
        "the most seconds": Duration(seconds=MAX_INT64, nanos=999_999_999),
        "the least seconds": Duration(seconds=MIN_INT64),
        "the most nanos": Duration(nanos=MAX_INT32),
    },
)
EXPIRE_AFTER = Values(
    good={
        "a second": Duration(seconds=1),
        "a second and a part of a millisecond": Duration(seconds=1, nanos=1),
        "100 years": Duration(seconds=3_155_760_000),
    },
    bad={
        "zero": Duration(),
        "less than a second": Duration(nanos=999_999_999),
        "a millisecond more than 100 years": Duration(seconds=3_155_760_000, nanos=1_000_000),
        "negative": Duration(seconds=-1),
        "mixed signs": Duration(seconds=2, nanos=-1),
        "nanos of a second": Duration(nanos=1_000_000_000),
        "the most seconds": Duration(seconds=MAX_INT64, nanos=999_999_999),
        "the least seconds": Duration(seconds=MIN_INT64),
        "the most nanos": Duration(seconds=1, nanos=MAX_INT32),
    },
)
LIMIT = Values(
    good={"missing": 0, "one": 1, "1,000": 1_000},
    bad={"1,001": 1_001, "negative": -1, "the largest": MAX_INT32, "the least": MIN_INT32},
)
START_RANK = Values(
    good={"missing": 0, "one": 1, "the largest": MAX_INT32},
    bad={"negative": -1, "the least": MIN_INT32},
)
NEIGHBORS = Values(
    good={"missing": 0, "one": 1, "100": 100},
    bad={"101": 101, "negative": -1, "the largest": MAX_INT32, "the least": MIN_INT32},
)
AROUND = Values(
    good={"missing": 0, "one": 1, "201": 201},
    bad={"202": 202, "negative": -1, "the largest": MAX_INT32, "the least": MIN_INT32},
)
SCORE = Values(
    good={"missing": 0, "2^53": 2**53, "-2^53": -(2**53)},
    bad={"2^53 + 1": 2**53 + 1, "-2^53 - 1": -(2**53) - 1, "most": MAX_INT64, "least": MIN_INT64},
)
EPOCH = Values(
    bad={"65 characters": "e" * 65, "missing": "", "a slash": "a/b", "a dot": "a.b"} | _NO_TOKEN
)
EPOCH_IF_SET = Values(
    good={"missing": "", "all it may hold": "Az9-_", "64 characters": "e" * 64},
    bad={"65 characters": "e" * 65, "a slash": "a/b", "a dot": "a.b"} | _NO_TOKEN,
)
REVISION = Values(
    bad={"negative": -1, "2^53 + 1": 2**53 + 1, "the most": MAX_INT64, "the least": MIN_INT64}
)
SEASON = Values(bad={"-2": -2, "the least": MIN_INT32})
SEASON_OF_WRITE = Values(bad={"negative": -1, "the least": MIN_INT32})
SEASON_TO_END = Values(bad={"missing": 0, "negative": -1, "the least": MIN_INT32})
KEEP_SEASONS = Values(
    good={"none": 0, "one": 1, "1,000": 1_000},
    bad={"1,001": 1_001, "negative": -1, "the largest": MAX_INT32, "the least": MIN_INT32},
)
CRON = Values(
    good={
        "every minute": "* * * * *",
        "daily": "0 0 * * *",
        "the last day of each month": "59 23 L * *",
        "lists, ranges and steps": "0,30 6-18/4 1-7 jan,Jul mon",
        "the longest pause": "0 0 * 2 MON#5",
        "100 characters": "00 0 * * " + ",".join(["1"] * 46),
    },
    bad={
        "missing": "",
        "four fields": "0 0 * *",
        "seconds": "0 0 0 * * *",
        "a name": "@weekly",
        "two spaces": "0  0 * * *",
        "a tab": "0 0\t* * *",
        "minute 60": "60 0 * * *",
        "day 0": "0 0 0 * *",
        "never": "0 0 31 2 *",
        "never, by two days": "* * */20 * 1L",
        "101 characters": "00 00 * * " + ",".join(["1"] * 46),
    }
    | _NO_TOKEN,
)
TIME_ZONE = Values(
    good={"missing": "", "UTC": "UTC", "a city": "America/Argentina/Buenos_Aires", "CET": "CET"},
    bad={
        "a folder": "America",
        "another case": "europe/berlin",
        "a path": "../../etc/passwd",
        "an absolute path": "/etc/localtime",
        "a file of the system": "posix/Europe/Berlin",
        "an offset": "+01:00",
    }
    | _NO_TOKEN,
)

DEFAULT_RULES = pb.ContestRules(
    order=pb.ORDER_HIGHEST_FIRST,
    tie_break=pb.TIE_BREAK_FIRST_REACHED,
    rank_style=pb.RANK_STYLE_ORDINAL,
    default_mode=pb.UPDATE_MODE_INCREMENT,
)
"""The rules of a contest that began with a score, as the service returns them."""

_BAD_ENUM: dict[str, Value] = {
    "unknown": 9,
    "negative": -1,
    "the largest": MAX_INT32,
    "the least": MIN_INT32,
}
ENUM_OF_TWO = Values(good={"missing": 0, "one": 1, "two": 2}, bad={"the next one": 3} | _BAD_ENUM)
ENUM_OF_THREE = Values(
    good={"missing": 0, "one": 1, "two": 2, "three": 3}, bad={"the next one": 4} | _BAD_ENUM
)
BOUND = Values(
    good={"zero": 0, "-2^53": -(2**53), "2^53": 2**53},
    bad={"-2^53 - 1": -(2**53) - 1, "2^53 + 1": 2**53 + 1, "most": MAX_INT64, "least": MIN_INT64},
)
MAX_POINTS = Values(
    good={"one": 1, "2^53": 2**53},
    bad={"zero": 0, "negative": -1, "2^53 + 1": 2**53 + 1, "least": MIN_INT64},
)
_NO_PAGE_TOKEN: dict[str, Value] = {
    "no base64": "!",
    "no id": "YSBi",  # a b
    "padding": "YQ==",
    "an umlaut": "ä",
    "huge": "YWFh" * 100_000,
}
CONTESTS_TOKEN = Values(good={"missing": ""}, bad=_NO_PAGE_TOKEN | {"of other ids": "YQ"})  # a
ERASURE_TOKEN = Values(good={"missing": "", "a contest": "YQ"}, bad=_NO_PAGE_TOKEN)  # a
HIDDEN_TOKEN = Values(
    good={"missing": ""},
    bad=_NO_PAGE_TOKEN
    | {
        "of contests": "YQ",  # a
        "a negative number": "LTEg",  # -1
        "no user": "MCBhIGI",  # 0 a b
        "2^64": _encoded(str(2**64)),
        "a number of 5,000 digits": _encoded("1" * 5_000),
        "a digit of another script": _encoded("\N{ARABIC-INDIC DIGIT ONE}"),
    },
)
SEASONS_TOKEN = Values(
    good={"missing": "", "a season": _encoded("2")},
    bad=_NO_PAGE_TOKEN
    | {
        "of contests": "YQ",  # a
        "zero": _encoded("0"),
        "a negative number": _encoded("-1"),
        "a zero first": _encoded("02"),
        "2^31": _encoded(str(2**31)),
        "a number of 5,000 digits": _encoded("1" * 5_000),
        "a digit of another script": _encoded("\N{ARABIC-INDIC DIGIT ONE}"),
    },
)
ID_PREFIX = Values(
    good={"missing": "", "all it may hold": "_A9z.:_-", "128 characters": "c" * 128},
    bad={"129 characters": "c" * 129} | _NO_TOKEN,
)
_CONTEST = {
    "contest.contest_id": CONTEST_ID,
    "contest.display_name": DISPLAY_NAME,
    "contest.starts_at": TIME,
    "contest.ends_at": TIME,
    "contest.expire_after": EXPIRE_AFTER,
    "contest.reset_schedule.cron": CRON,
    "contest.reset_schedule.time_zone": TIME_ZONE,
    "contest.keep_seasons": KEEP_SEASONS,
    "contest.rules.order": ENUM_OF_TWO,
    "contest.rules.tie_break": ENUM_OF_TWO,
    "contest.rules.rank_style": ENUM_OF_THREE,
    "contest.rules.default_mode": ENUM_OF_THREE,
    "contest.rules.min_score": BOUND,
    "contest.rules.max_score": BOUND,
    "contest.rules.max_points": MAX_POINTS,
}

FIELDS: dict[str, dict[str, Values]] = {
    "UpdateScore": {
        "contest_id": CONTEST_ID,
        "user_id": USER_ID,
        "mode": MODE,
        "request_id": REQUEST_ID,
        "event_type": EVENT_TYPE,
        "event_time": TIME,
        "display_name": DISPLAY_NAME,
        "season": SEASON_OF_WRITE,
    },
    "GetTopUsers": {
        "contest_id": CONTEST_ID,
        "limit": LIMIT,
        "start_rank": START_RANK,
        "min_position.epoch": EPOCH,
        "min_position.revision": REVISION,
        "season": SEASON,
    },
    "GetUserRank": {
        "contest_id": CONTEST_ID,
        "user_id": USER_ID,
        "neighbors": NEIGHBORS,
        "around": AROUND,
        "min_position.epoch": EPOCH,
        "min_position.revision": REVISION,
        "season": SEASON,
    },
    "BatchGetUserRanks": {
        "contest_id": CONTEST_ID,
        "min_position.epoch": EPOCH,
        "min_position.revision": REVISION,
        "season": SEASON,
    },
    "GetScoreRank": {
        "contest_id": CONTEST_ID,
        "score": SCORE,
        "around": AROUND,
        "min_position.epoch": EPOCH,
        "min_position.revision": REVISION,
        "season": SEASON,
    },
    "WatchContest": {
        "contest_id": CONTEST_ID,
        "limit": LIMIT,
        "scope": SCOPE,
        "resume_after.epoch": EPOCH,
        "resume_after.revision": REVISION,
        "min_interval": MIN_INTERVAL,
    },
    "CreateContest": _CONTEST,
    "GetContest": {"contest_id": CONTEST_ID},
    "ListContests": {
        "page_size": LIMIT,
        "page_token": CONTESTS_TOKEN,
        "id_prefix": ID_PREFIX,
        "state": ENUM_OF_THREE,
    },
    "UpdateContest": _CONTEST,
    "ResetContest": {"contest_id": CONTEST_ID, "season": SEASON_TO_END},
    "ListSeasons": {"contest_id": CONTEST_ID, "page_size": LIMIT, "page_token": SEASONS_TOKEN},
    "DeleteContest": {"contest_id": CONTEST_ID, "epoch": EPOCH_IF_SET},
    "RemoveUsers": {"contest_id": CONTEST_ID},
    "HideUsers": {"contest_id": CONTEST_ID},
    "UnhideUsers": {"contest_id": CONTEST_ID},
    "ListHiddenUsers": {
        "contest_id": CONTEST_ID,
        "page_size": LIMIT,
        "page_token": HIDDEN_TOKEN,
    },
    "EraseUser": {"user_id": USER_ID, "page_token": ERASURE_TOKEN},
}
"""The values of every field that depends on no other field and no state of the contest."""

ELSEWHERE = {
    "UpdateScore.points": "test_scores.py",
    "UpdateScore.attributes": "test_attributes.py",
    "UpdateScore.clear_display_name": "test_attributes.py",
    "BatchGetUserRanks.user_ids": "test_several_users.py",
    "BatchUpdateScores.updates": "test_batches.py",
    "WatchContest.user_ids": "test_watched_users.py",
    "UpdateContest.update_mask": "test_contest_settings.py",
    "RemoveUsers.user_ids": "test_moderation.py",
    "HideUsers.user_ids": "test_moderation.py",
    "UnhideUsers.user_ids": "test_moderation.py",
}
"""The other fields, with the module that tests each."""

OUTPUT_ONLY = frozenset(
    {"state", "season", "total_users", "position", "created_at", "next_reset_at"}
)
"""Fields of a contest that requests ignore; see `test_contest_settings.py`."""
