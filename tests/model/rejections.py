"""The rejections of the contract, as the model answers them."""

from datetime import UTC, datetime

from model.contest_records import (
    ContestState,
    Settings,
)
from model.records import (
    Position,
    Rejection,
    Update,
)

MAX_SCORE = 2**53


def score_out_of_range(update: Update, least: int = -MAX_SCORE, most: int = MAX_SCORE) -> Rejection:
    """Return the rejection of points or a score beyond the bounds of a score."""
    bounds = {"minScore": str(least), "maxScore": str(most)}
    return _out_of_range(update, bounds)


def points_out_of_range(update: Update, most: int) -> Rejection:
    """Return the rejection of points beyond those that one update may add or take away."""
    return _out_of_range(update, {"maxPoints": str(most)})


def _out_of_range(update: Update, bounds: dict[str, str]) -> Rejection:
    return Rejection(
        code="OUT_OF_RANGE",
        reason="ERROR_REASON_SCORE_OUT_OF_RANGE",
        metadata={"contestId": update.contest_id, "userId": update.user_id, **bounds},
    )


def invalid(field: str) -> Rejection:
    """Return the rejection of a field."""
    return Rejection(
        code="INVALID_ARGUMENT", reason="ERROR_REASON_INVALID_FIELD", metadata={"field": field}
    )


def request_id_reused(update: Update) -> Rejection:
    """Return the rejection of a request id that was sent with another payload."""
    return Rejection(
        code="ALREADY_EXISTS",
        reason="ERROR_REASON_REQUEST_ID_REUSED",
        metadata={"contestId": update.contest_id, "requestId": update.request_id},
    )


def user_not_found(contest_id: str, user_id: str) -> Rejection:
    """Return the rejection of a user without a score."""
    return Rejection(
        code="NOT_FOUND",
        reason="ERROR_REASON_USER_NOT_FOUND",
        metadata={"contestId": contest_id, "userId": user_id},
    )


def unreachable(contest_id: str, present: Position) -> Rejection:
    """Return the rejection of a position that the contest does not reach."""
    return Rejection(
        code="FAILED_PRECONDITION",
        reason="ERROR_REASON_POSITION_UNREACHABLE",
        metadata={
            "contestId": contest_id,
            "epoch": str(present.history),
            "revision": str(present.revision),
        },
    )


def contest_not_found(contest_id: str) -> Rejection:
    """Return the rejection of a contest that does not exist."""
    return Rejection(
        code="NOT_FOUND",
        reason="ERROR_REASON_CONTEST_NOT_FOUND",
        metadata={"contestId": contest_id},
    )


def contest_not_open(contest_id: str, settings: Settings) -> Rejection:
    """Return the rejection of a write before a contest opens, or after it closed."""
    scheduled = settings.state is ContestState.SCHEDULED
    time = settings.starts_at if scheduled else settings.ends_at
    assert time
    text = datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")
    return Rejection(
        code="FAILED_PRECONDITION",
        reason="ERROR_REASON_CONTEST_NOT_OPEN",
        metadata={"contestId": contest_id, "state": settings.state.name, "time": text},
    )


def season_not_current(contest_id: str, current: int) -> Rejection:
    """Return the rejection of a request for a season that is not the current one."""
    return Rejection(
        code="FAILED_PRECONDITION",
        reason="ERROR_REASON_SEASON_NOT_CURRENT",
        metadata={"contestId": contest_id, "season": str(current)},
    )


def season_not_found(contest_id: str, season: int) -> Rejection:
    """Return the rejection of a read of a season that there is not, or not any more."""
    return Rejection(
        code="NOT_FOUND",
        reason="ERROR_REASON_SEASON_NOT_FOUND",
        metadata={"contestId": contest_id, "season": str(season)},
    )


def contest_already_exists(contest_id: str) -> Rejection:
    """Return the rejection of a contest that exists with other settings."""
    return Rejection(
        code="ALREADY_EXISTS",
        reason="ERROR_REASON_CONTEST_ALREADY_EXISTS",
        metadata={"contestId": contest_id},
    )


def rules_locked(contest_id: str, rule: str) -> Rejection:
    """Return the rejection of a rule that would reorder a board with scores."""
    return Rejection(
        code="FAILED_PRECONDITION",
        reason="ERROR_REASON_RULES_LOCKED",
        metadata={"contestId": contest_id, "field": f"rules.{rule}"},
    )


def contradiction(settings: Settings) -> Rejection | None:
    """Return the rejection of settings that contradict each other."""
    least, most = settings.rules.min_score, settings.rules.max_score
    if least is not None and most is not None and least > most:
        return invalid("contest.rules.max_score")
    if settings.starts_at and settings.ends_at and settings.starts_at >= settings.ends_at:
        return invalid("contest.ends_at")
    return None
