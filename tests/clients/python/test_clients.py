"""Calls of both clients: results, errors and retries."""

import pickle
import threading
from importlib.metadata import version

import pytest
from google.rpc import code_pb2, status_pb2

import leaderboard_client
from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from clients.python.any_client import AnyClient, call
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import (
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidRequest,
    LeaderboardClient,
    LeaderboardError,
    NotFound,
    OutOfRange,
    Overloaded,
    Position,
    RankedUser,
    RequestIdReused,
    ScoreRank,
    ScoreUpdate,
    Unavailable,
    UpdateMode,
    UpdateResult,
    UserRanks,
)

ADA = RankedUser(1, "ada", 5, "Ada", 1, {"team": "red"})
BOB = RankedUser(1, "bob", 5, "", 2)
ADA_SENT = pb.RankedUser(
    user_id="ada", score=5, rank=1, display_name="Ada", place=1, attributes={"team": "red"}
)
BOB_SENT = pb.RankedUser(user_id="bob", score=5, rank=1, place=2)
NOW = pb.Position(epoch="e", revision=9)
LEAST = Position("e", 8)
LEAST_SENT = pb.Position(epoch="e", revision=8)


def test_every_exported_name_is_there() -> None:
    """Each exported name is an attribute right after the import, and listed by `dir`."""
    names = set(leaderboard_client.__all__) - {"KEEP", "__version__"}

    assert leaderboard_client.KEEP.name == "KEEP"
    assert names <= set(dir(leaderboard_client))
    assert all(getattr(leaderboard_client, name).__name__ == name for name in names)
    with pytest.raises(AttributeError, match="nothing_else"):
        leaderboard_client.nothing_else  # type: ignore[attr-defined] # noqa: B018 (the case)


def test_the_version_is_that_of_the_distribution() -> None:
    """`__version__` is the version of the installed distribution."""
    assert leaderboard_client.__version__ == version("leaderboard-client")


async def test_an_update_is_answered(fake: FakeService, client: AnyClient) -> None:
    """The result has everything that the service answered, as plain values."""
    result = await call(
        client, "update_score", "chess", "ada", 5, display_name="Ada", attributes={"team": "red"}
    )

    assert result == UpdateResult(
        user=ADA,
        previous_score=0,
        previous_rank=2,
        previous_place=2,
        applied=True,
        replayed=False,
        position=Position("e", 1),
    )
    [sent] = fake.received
    assert sent.mode == pb.UPDATE_MODE_UNSPECIFIED
    assert (dict(sent.attributes), sent.clear_display_name) == ({"team": "red"}, False)


async def test_every_field_of_an_update_is_sent(fake: FakeService, client: AnyClient) -> None:
    """The mode, the event and a name to be removed are sent as given."""
    await call(
        client,
        "update_score",
        "chess",
        "ada",
        5,
        mode=UpdateMode.SET,
        request_id="r",
        event_type="win",
        event_time="2026-06-11T20:15:00Z",
        attributes={"team": ""},
        clear_display_name=True,
    )

    due = pb.UpdateScoreRequest(
        contest_id="chess",
        user_id="ada",
        points=5,
        mode=pb.UPDATE_MODE_SET,
        request_id="r",
        event_type="win",
        attributes={"team": ""},
        clear_display_name=True,
    )
    due.event_time.FromJsonString("2026-06-11T20:15:00Z")
    assert fake.received == [due]


async def test_boards_and_ranks_are_answered(fake: FakeService, client: AnyClient) -> None:
    """Boards and ranks are plain values, and the arguments are sent as given."""
    fake.top = pb.GetTopUsersResponse(users=[ADA_SENT, BOB_SENT], total_users=7, position=NOW)
    fake.rank = pb.GetUserRankResponse(
        user=ADA_SENT,
        neighbors=[BOB_SENT],
        around=[ADA_SENT, BOB_SENT],
        total_users=7,
        percentile=100.0,
        position=NOW,
    )

    board = await call(client, "get_top_users", "chess", limit=2, start_rank=3, min_position=LEAST)
    rank = await call(
        client, "get_user_rank", "chess", "ada", neighbors=1, around=2, min_position=LEAST
    )

    assert (board.users, board.total_users, board.position) == ((ADA, BOB), 7, Position("e", 9))
    assert (rank.user, rank.neighbors, rank.around) == (ADA, (BOB,), (ADA, BOB))
    assert (rank.percentile, rank.total_users, rank.position) == (100.0, 7, Position("e", 9))
    top, one = fake.asked
    assert top == pb.GetTopUsersRequest(
        contest_id="chess", limit=2, start_rank=3, min_position=LEAST_SENT
    )
    assert one == pb.GetUserRankRequest(
        contest_id="chess", user_id="ada", neighbors=1, around=2, min_position=LEAST_SENT
    )


async def test_ranks_of_users_and_of_a_score_are_answered(
    fake: FakeService, client: AnyClient
) -> None:
    """Ranks of several users and of a score are plain values, and the arguments are sent."""
    fake.ranks = pb.BatchGetUserRanksResponse(
        users=[ADA_SENT, BOB_SENT], missing_user_ids=["eve"], total_users=7, position=NOW
    )
    fake.score_rank = pb.GetScoreRankResponse(
        rank=3, place=4, around=[BOB_SENT], total_users=7, position=NOW
    )

    asked = ["bob", "eve", "ada"]
    ranks = await call(client, "batch_get_user_ranks", "chess", iter(asked), min_position=LEAST)
    score = await call(client, "get_score_rank", "chess", -4, around=1, min_position=LEAST)

    now = Position("e", 9)
    assert ranks == UserRanks(
        users=(ADA, BOB), missing_user_ids=("eve",), total_users=7, position=now
    )
    assert score == ScoreRank(rank=3, place=4, around=(BOB,), total_users=7, position=now)
    assert fake.asked == [
        pb.BatchGetUserRanksRequest(contest_id="chess", user_ids=asked, min_position=LEAST_SENT),
        pb.GetScoreRankRequest(contest_id="chess", score=-4, around=1, min_position=LEAST_SENT),
    ]


async def test_a_batch_has_an_outcome_for_each_update(fake: FakeService, client: AnyClient) -> None:
    """A refused update is an error at its index; the others are applied."""
    no = refusal(code_pb2.OUT_OF_RANGE, "too much", "ERROR_REASON_SCORE_OUT_OF_RANGE")
    fake.refuse_update = lambda update: no if update.user_id == "bob" else None

    updates = [ScoreUpdate("chess", user, 5) for user in ("ada", "bob", "eve")]
    first, second, third = await call(client, "batch_update_scores", updates)

    assert [first.user.user_id, third.user.user_id] == ["ada", "eve"]
    assert isinstance(second, OutOfRange)
    assert second.reason == "ERROR_REASON_SCORE_OUT_OF_RANGE"
    assert len({update.request_id for update in fake.received}) == 3


@pytest.mark.parametrize(
    "status",
    [
        STORE_AWAY,
        refusal(code_pb2.UNAVAILABLE, "Socket closed"),
        refusal(code_pb2.CANCELLED, "the server stops"),
        refusal(code_pb2.UNKNOWN, "Stream removed"),
        refusal(code_pb2.INTERNAL, "RST_STREAM"),
        refusal(code_pb2.RESOURCE_EXHAUSTED, "full", "ERROR_REASON_OVERLOADED", retry_after=0.01),
    ],
    ids=["store away", "unavailable", "cancelled", "unknown", "internal", "overloaded"],
)
async def test_a_transient_error_is_retried(
    fake: FakeService, client: AnyClient, status: status_pb2.Status
) -> None:
    """A call survives transient errors, and its write keeps its request id."""
    fake.refusals.append(status)

    result = await call(client, "update_score", "chess", "ada", 5)

    assert result.user.score == 5
    first, second = fake.received
    assert first.request_id == second.request_id != ""


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (
            refusal(code_pb2.INVALID_ARGUMENT, "no", "R", violation="user_id: too long"),
            InvalidRequest,
        ),
        (refusal(code_pb2.OUT_OF_RANGE, "no", "R"), OutOfRange),
        (refusal(code_pb2.NOT_FOUND, "no", "R"), NotFound),
        (refusal(code_pb2.ALREADY_EXISTS, "no", "R"), AlreadyExists),
        (
            refusal(code_pb2.ALREADY_EXISTS, "no", "ERROR_REASON_REQUEST_ID_REUSED"),
            RequestIdReused,
        ),
        (refusal(code_pb2.FAILED_PRECONDITION, "no", "R"), FailedPrecondition),
        (refusal(code_pb2.RESOURCE_EXHAUSTED, "no", "R"), Overloaded),
        (refusal(code_pb2.UNAVAILABLE, "no", "R", retry_after=60), Unavailable),
        (refusal(code_pb2.INTERNAL, "no", "R"), LeaderboardError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_every_status_has_its_error(
    fake: FakeService, client: AnyClient, status: status_pb2.Status, kind: type[LeaderboardError]
) -> None:
    """A final status is raised at once, as an error of its class with all its details."""
    fake.refusals.append(status)

    with pytest.raises(LeaderboardError) as raised:
        await call(client, "get_user_rank", "chess", "ada", timeout=5)

    error = raised.value
    assert type(error) is kind
    reason = "ERROR_REASON_REQUEST_ID_REUSED" if kind is RequestIdReused else "R"
    assert (error.code, error.reason) == (code_pb2.Code.Name(status.code), reason)
    assert error.retry_after == (60 if kind is Unavailable else None)
    violated = kind is InvalidRequest
    assert error.violations == ((FieldViolation("user_id", "too long"),) if violated else ())
    assert str(error) == ("user_id: too long" if violated else "no")
    assert len(fake.asked) == 1
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))


async def test_arguments_that_can_not_be_encoded_are_refused(
    fake: FakeService, client: AnyClient
) -> None:
    """An argument that the contract can't hold is a ValueError, before anything is sent."""
    with pytest.raises(ValueError, match=r"."):
        await call(client, "update_score", "chess", "ada", 2**63)
    with pytest.raises(ValueError, match=r"."):
        await call(client, "get_top_users", "chess", limit="ten")
    with pytest.raises(ValueError, match=r"."):
        await call(client, "get_user_rank", "chess", "ada", neighbors="few")
    with pytest.raises(ValueError, match="text"):
        await call(client, "batch_get_user_ranks", "chess", "ada")
    with pytest.raises(ValueError, match=r"."):
        await call(client, "get_score_rank", "chess", 2**63)
    with pytest.raises(ValueError, match=r"."):
        await call(client, "update_score", "chess", "ada", 1, attributes={"team": 5})

    assert not fake.received
    assert not fake.asked


def test_threads_share_a_client(fake: FakeService) -> None:
    """Calls of many threads at once are all made, each once."""
    with LeaderboardClient(fake.address) as client:
        threads = [
            threading.Thread(target=client.update_score, args=("chess", "ada", 1))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert fake.scores == {("chess", "ada"): 20}
