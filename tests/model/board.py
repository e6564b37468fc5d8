"""A plain model of the service, written for comparison with the contract, not for speed.

A contest is the list of its boards, one for each revision, so the revision of a board is its index
in the list and any past state can still be read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from model.records import Mode, Position, Rank, RankedUser, Rejection, Result, Top, Update

MAX_SCORE = 2**53
DEFAULT_LIMIT = 10


@dataclass(frozen=True)
class Standing:
    """One user's row; `reached` is the revision that led to the score."""

    user_id: str
    score: int
    reached: int
    display_name: str


Board = Mapping[str, Standing]


class Service:
    """All contests, including those without updates."""

    def __init__(self) -> None:
        """Start without updates."""
        self._contests: defaultdict[str, _Contest] = defaultdict(_Contest)

    def update(self, update: Update) -> Result | Rejection:
        """Apply one update."""
        return self._contests[update.contest_id].update(update)

    def batch(self, updates: Sequence[Update]) -> list[Result | Rejection]:
        """Apply updates in order; a rejected one does not affect the others."""
        return [self.update(update) for update in updates]

    def position(self, contest_id: str) -> Position:
        """Return the current position of a contest."""
        return self._contests[contest_id].position

    def top(
        self,
        contest_id: str,
        *,
        limit: int = 0,
        start_rank: int = 0,
        min_position: Position | None = None,
        at: int | None = None,
    ) -> Top | Rejection:
        """Return consecutive ranks, of the revision `at` if given, else of the current one."""
        contest = self._contests[contest_id]
        if not contest.reaches(min_position):
            return contest.unreachable(contest_id)
        ranked = ranking(contest.boards[-1 if at is None else at])
        first = (start_rank or 1) - 1
        return Top(
            users=tuple(ranked[first : first + (limit or DEFAULT_LIMIT)]),
            total_users=len(ranked),
            position=contest.position if at is None else position_of(at),
        )

    def rank(
        self,
        contest_id: str,
        user_id: str,
        *,
        neighbors: int = 0,
        min_position: Position | None = None,
    ) -> Rank | Rejection:
        """Return the current rank of one user, and of up to `neighbors` users on each side."""
        contest = self._contests[contest_id]
        if not contest.reaches(min_position):
            return contest.unreachable(contest_id)
        if user_id not in contest.boards[-1]:
            return Rejection(
                code="NOT_FOUND",
                reason="ERROR_REASON_USER_NOT_FOUND",
                metadata={"contestId": contest_id, "userId": user_id},
            )
        ranked = ranking(contest.boards[-1])
        user = find(ranked, user_id)
        above = ranked[max(0, user.rank - 1 - neighbors) : user.rank - 1]
        below = ranked[user.rank : user.rank + neighbors]
        return Rank(
            user=user,
            neighbors=(*above, *below),
            total_users=len(ranked),
            percentile=percentile(user.rank, len(ranked)),
            position=contest.position,
        )


class _Contest:
    """One contest: its boards by revision, and the first answer to each request id."""

    def __init__(self) -> None:
        self.boards: list[Board] = [{}]
        self.answers: dict[str, tuple[Update, Result]] = {}

    @property
    def position(self) -> Position:
        return position_of(len(self.boards) - 1)

    def reaches(self, wanted: Position | None) -> bool:
        """Return whether the current state is at or after the wanted position."""
        if wanted is None or wanted == position_of(0):
            return True
        present = self.position
        return wanted.history == present.history and wanted.revision <= present.revision

    def unreachable(self, contest_id: str) -> Rejection:
        present = self.position
        return Rejection(
            code="FAILED_PRECONDITION",
            reason="ERROR_REASON_POSITION_UNREACHABLE",
            metadata={
                "contestId": contest_id,
                "epoch": str(present.history),
                "revision": str(present.revision),
            },
        )

    def update(self, update: Update) -> Result | Rejection:
        """Return the first answer again, reject the update, or apply it and keep the answer."""
        if abs(update.points) > MAX_SCORE:
            return out_of_range(update)
        if update.request_id in self.answers:
            payload, first_answer = self.answers[update.request_id]
            if payload == update.payload:
                return replace(first_answer, replayed=True)
            return request_id_reused(update)
        before = self.boards[-1].get(update.user_id)
        score = score_after(update, before)
        if abs(score) > MAX_SCORE:
            return out_of_range(update)
        answer = self._write(update, before, score)
        if update.request_id:
            self.answers[update.request_id] = update.payload, answer
        return answer

    def _write(self, update: Update, before: Standing | None, score: int) -> Result:
        """Make the next board, unless the update has no effect."""
        board = self.boards[-1]
        revision = len(self.boards)
        if before is None:
            after = Standing(update.user_id, score, revision, update.display_name)
        else:
            reached = before.reached if score == before.score else revision
            name = update.display_name or before.display_name
            after = Standing(update.user_id, score, reached, name)
        if after != before:
            self.boards.append({**board, update.user_id: after})
        return Result(
            user=find(ranking(self.boards[-1]), update.user_id),
            previous_score=before.score if before else 0,
            previous_rank=find(ranking(board), update.user_id).rank if before else 0,
            applied=after != before,
            replayed=False,
            position=self.position,
        )


def score_after(update: Update, before: Standing | None) -> int:
    """Return the score after an update with this mode."""
    present = before.score if before else 0
    if update.mode is Mode.SET:
        return update.points
    if update.mode is Mode.BEST:
        return max(present, update.points) if before else update.points
    return present + update.points


def ranking(board: Board) -> list[RankedUser]:
    """Return all users, best first; of equal scores the one that was reached first."""
    ordered = sorted(board.values(), key=lambda user: (-user.score, user.reached))
    return [
        RankedUser(user.user_id, user.score, rank, user.display_name)
        for rank, user in enumerate(ordered, start=1)
    ]


def find(ranked: Sequence[RankedUser], user_id: str) -> RankedUser:
    """Return a user that is ranked."""
    return next(user for user in ranked if user.user_id == user_id)


def percentile(rank: int, total_users: int) -> float:
    """Return the share of the other users ranked below, 0 to 100; 100 for a single user."""
    if total_users == 1:
        return 100.0
    return round(100 * (total_users - rank) / (total_users - 1), 9)


def position_of(revision: int) -> Position:
    """Return the position of a revision; before the first update there is no epoch."""
    return Position(history=1 if revision else 0, revision=revision)


def out_of_range(update: Update) -> Rejection:
    """Return the rejection of points or a score beyond the bounds."""
    return Rejection(
        code="OUT_OF_RANGE",
        reason="ERROR_REASON_SCORE_OUT_OF_RANGE",
        metadata={
            "contestId": update.contest_id,
            "userId": update.user_id,
            "minScore": str(-MAX_SCORE),
            "maxScore": str(MAX_SCORE),
        },
    )


def request_id_reused(update: Update) -> Rejection:
    """Return the rejection of a request id that was sent with another payload."""
    return Rejection(
        code="ALREADY_EXISTS",
        reason="ERROR_REASON_REQUEST_ID_REUSED",
        metadata={"contestId": update.contest_id, "requestId": update.request_id},
    )
