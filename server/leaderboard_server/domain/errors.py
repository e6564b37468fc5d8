"""The expected errors of the service.

Each docstring says what a caller can do: change the request, or retry.
"""

from enum import StrEnum
from typing import NamedTuple, TypeAlias

from leaderboard_server.domain.fields import MAX_ATTRIBUTES, MAX_ATTRIBUTES_BYTES
from leaderboard_server.domain.life import ContestState, format_time
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.domain.update import UpdateResult


class LeaderboardError(Exception):
    """Base of all expected errors; the text is safe to show to callers."""


Outcome: TypeAlias = UpdateResult | LeaderboardError
"""The outcome of one update: its result, or the error that it was rejected with."""


class FieldViolation(NamedTuple):
    """A problem of one field of a request."""

    field: str
    """The path of the field, such as `updates[3].user_id`."""
    description: str


class InvalidRequest(LeaderboardError):
    """Fields are missing, or outside their alphabet, length or range: change the request."""

    def __init__(self, violations: tuple[FieldViolation, ...]) -> None:
        super().__init__(violations)
        self.violations = violations

    def __str__(self) -> str:
        """Return the text, made only when it is needed: a batch may have a thousand of them."""
        return "; ".join(f"{v.field}: {v.description}" for v in self.violations)


class AttributesTooLarge(InvalidRequest):
    """The user would have too many attributes, or too long ones; nothing was written."""

    def __init__(self, path: str = "") -> None:
        """Take the path of the update within a larger request."""
        problem = f"must be at most {MAX_ATTRIBUTES} with at most {MAX_ATTRIBUTES_BYTES} bytes"
        super().__init__((FieldViolation(f"{path}attributes", f"{problem} after the update"),))


class ScoreOutOfRange(LeaderboardError):
    """The points or the resulting score are out of bounds; nothing was written."""

    def __init__(
        self,
        contest_id: str,
        user_id: str,
        min_score: int = -MAX_SCORE,
        max_score: int = MAX_SCORE,
    ) -> None:
        super().__init__(
            f"the points or the resulting score of user {user_id!r} in contest {contest_id!r}"
            f" are beyond the bounds, {min_score} and {max_score}"
        )
        self.contest_id = contest_id
        self.user_id = user_id
        self.min_score = min_score
        self.max_score = max_score


class PointsOutOfRange(LeaderboardError):
    """The update adds or takes away more points than the rules allow; nothing was written."""

    def __init__(self, contest_id: str, user_id: str, max_points: int) -> None:
        super().__init__(
            f"the points for user {user_id!r} in contest {contest_id!r}"
            f" are beyond the bounds, -{max_points} and {max_points}"
        )
        self.contest_id = contest_id
        self.user_id = user_id
        self.max_points = max_points


class ContestNotFound(LeaderboardError):
    """The contest does not exist; nothing was written."""

    def __init__(self, contest_id: str) -> None:
        super().__init__(f"there is no contest {contest_id!r}")
        self.contest_id = contest_id


class ContestAlreadyExists(LeaderboardError):
    """The contest exists with other settings; nothing was written."""

    def __init__(self, contest_id: str) -> None:
        super().__init__(f"contest {contest_id!r} exists with other settings")
        self.contest_id = contest_id


class ContestNotOpen(LeaderboardError):
    """The contest has not started or is over; nothing was written."""

    def __init__(self, contest_id: str, state: ContestState, time_ms: int) -> None:
        """Take the state, SCHEDULED or CLOSED, and when it opens or closed, in ms since 1970."""
        verb = "opens" if state is ContestState.SCHEDULED else "closed"
        time = format_time(time_ms)
        super().__init__(f"contest {contest_id!r} is not open: it {verb} at {time}")
        self.contest_id = contest_id
        self.state = state
        self.time = time


class SeasonNotCurrent(LeaderboardError):
    """The season of the request is not the current one; nothing was written."""

    def __init__(self, contest_id: str, season: int) -> None:
        """Take the number of the current season."""
        super().__init__(f"the current season of contest {contest_id!r} is {season}")
        self.contest_id = contest_id
        self.season = season


class SeasonNotFound(LeaderboardError):
    """The contest has no such season, or it is not kept any more."""

    def __init__(self, contest_id: str, season: int) -> None:
        """Take the season of the request."""
        super().__init__(f"contest {contest_id!r} has no season {season}, or does not keep it")
        self.contest_id = contest_id
        self.season = season


class RulesLocked(LeaderboardError):
    """The rule would reorder a board that has scores; nothing was written."""

    def __init__(self, contest_id: str, field: str) -> None:
        """Take the path of the rule, such as `rules.order`."""
        super().__init__(f"{field} of contest {contest_id!r} can't change: the board has scores")
        self.contest_id = contest_id
        self.field = field


class SettingsContended(LeaderboardError):
    """Other servers kept changing the settings of the contest: retry; nothing was written."""

    limit = "updates"

    def __init__(self, contest_id: str) -> None:
        super().__init__(
            f"the settings of contest {contest_id!r} are changed too often; nothing was written"
        )


class UserNotFound(LeaderboardError):
    """The user has no score in the contest."""

    def __init__(self, contest_id: str, user_id: str, position: Position = BEGINNING) -> None:
        """Take the position at which it has none."""
        super().__init__(f"user {user_id!r} has no score in contest {contest_id!r}")
        self.contest_id = contest_id
        self.user_id = user_id
        self.position = position


class RequestIdReused(LeaderboardError):
    """The request id was already used with another payload; nothing was written."""

    def __init__(self, contest_id: str, request_id: str) -> None:
        super().__init__(
            f"request id {request_id!r} was used in contest {contest_id!r} with another payload"
        )
        self.contest_id = contest_id
        self.request_id = request_id


class PositionUnreachable(LeaderboardError):
    """The wanted position belongs to another history, or is later than the store's."""

    def __init__(self, contest_id: str, wanted: Position, current: Position) -> None:
        super().__init__(
            f"contest {contest_id!r} is at {current.epoch!r}:{current.revision}"
            f" and can't reach {wanted.epoch!r}:{wanted.revision}"
        )
        self.contest_id = contest_id
        self.current = current


class StoreCause(StrEnum):
    """The causes for which a store is unavailable, by their names in the contract."""

    UNREACHABLE = "unreachable"
    """There is no connection to it."""
    TIMEOUT = "timeout"
    READ_ONLY = "read_only"
    """It is a replica."""
    LOADING = "loading"
    TOO_FEW_REPLICAS = "too_few_replicas"
    SAVE_FAILED = "save_failed"
    NO_RIGHTS = "no_rights"
    """The user of the server lacks a right, or its password is wrong."""
    NEWER_SCHEMA = "newer_schema"
    """A later version of the server wrote the contest."""
    OTHER = "other"


class StoreFailure(LeaderboardError):
    """Base of the errors of calls that the store did not serve: retry."""


class StoreUnavailable(StoreFailure):
    """The store is down or did not reply in time: retry; a write may have been applied."""

    def __init__(self, cause: StoreCause = StoreCause.OTHER) -> None:
        super().__init__("the store is not available; a write may or may not have been applied")
        self.cause = cause


class StoreFull(StoreFailure):
    """The store has no memory left for writes: retry later; nothing was written."""

    def __init__(self) -> None:
        super().__init__("the store has no memory left; nothing was written")


class ServerDraining(LeaderboardError):
    """The server is stopping and accepts no new calls; nothing was written."""

    def __init__(self) -> None:
        super().__init__("the server is stopping; try another one")


class ReadQueueFull(LeaderboardError):
    """Too many rows are being read already: retry later."""

    limit = "pages"

    def __init__(self) -> None:
        super().__init__(f"the server is at its limit of {self.limit}")


class WatcherStalled(LeaderboardError):
    """The watcher accepted no message within the write timeout."""

    def __init__(self, contest_id: str, position: Position) -> None:
        super().__init__(f"the watcher of contest {contest_id!r} accepted nothing for too long")
        self.contest_id = contest_id
        self.position = position
