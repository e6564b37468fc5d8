"""Messages in examples of the OpenAPI description."""

from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb

POSITION = pb.Position(epoch="5d2f", revision=41)
ROWS = (
    pb.RankedUser(
        user_id="ada",
        score=120,
        rank=1,
        place=1,
        display_name="Ada",
        attributes={"country": "gb"},
    ),
    pb.RankedUser(user_id="bo", score=75, rank=2, place=2),
)
CHESS = contests_pb2.Contest(
    contest_id="chess",
    display_name="Chess cup",
    rules=pb.ContestRules(order=pb.ORDER_HIGHEST_FIRST),
    state=contests_pb2.CONTEST_STATE_OPEN,
    season=1,
    total_users=2,
    position=POSITION,
)
