"""The users of a watch: 1 to 1,000 different ones with the scope USERS, else none."""

import pytest

from contract.edge import ON_ONE_STORE, Edge
from contract.rejections import invalid
from contract.values import DEFAULT_RULES, USER_ID
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_ONE_STORE]

_USERS = pb.WATCH_SCOPE_USERS
_MANY = [f"user-{number}" for number in range(1_001)]


@pytest.mark.parametrize(
    ("scope", "user_ids", "fields"),
    [
        pytest.param(_USERS, [], ["user_ids"], id="none"),
        pytest.param(_USERS, _MANY, ["user_ids"], id="1,001"),
        pytest.param(_USERS, ["ada", "bob", "ada"], ["user_ids"], id="one twice"),
        pytest.param(_USERS, [""], ["user_ids[0]"], id="an empty id"),
        pytest.param(_USERS, ["ada", "a b", "bob", "\\"], ["user_ids[1]", "user_ids[3]"], id="two"),
        pytest.param(_USERS, ["", ""], ["user_ids", "user_ids[0]", "user_ids[1]"], id="all wrong"),
        pytest.param(pb.WATCH_SCOPE_TOP, ["ada"], ["user_ids"], id="with TOP"),
        pytest.param(pb.WATCH_SCOPE_ALL, ["ada"], ["user_ids"], id="with ALL"),
        pytest.param(pb.WATCH_SCOPE_UNSPECIFIED, ["ada"], ["user_ids"], id="with the default"),
    ],
)
async def test_invalid_users(
    edge: Edge, contest_id: str, scope: pb.WatchScope, user_ids: list[str], fields: list[str]
) -> None:
    """The status names the list, or the invalid entries."""
    request = pb.WatchContestRequest(contest_id=contest_id, scope=scope, user_ids=user_ids)

    assert await edge.rejection("WatchContest", request) == invalid(*fields)


@pytest.mark.parametrize("name", USER_ID.bad)
async def test_a_bad_id_among_good_ones(edge: Edge, contest_id: str, name: str) -> None:
    """Each entry has the same rule as the `user_id` of an update."""
    request = pb.WatchContestRequest(contest_id=contest_id, scope=_USERS)
    request.user_ids.extend(["ada", str(USER_ID.bad[name])])

    assert await edge.rejection("WatchContest", request) == invalid("user_ids[1]")


@pytest.mark.parametrize("count", [1, 1_000])
async def test_valid_users(edge: Edge, contest_id: str, count: int) -> None:
    """1 and 1,000 users are accepted, also before any of them has a score."""
    request = pb.WatchContestRequest(contest_id=contest_id, scope=_USERS, user_ids=_MANY[:count])

    message = await edge.answer("WatchContest", request)

    assert message == pb.WatchContestResponse(
        position=pb.Position(),
        snapshot=pb.Snapshot(reason=pb.SNAPSHOT_REASON_INITIAL, rules=DEFAULT_RULES),
    )


async def test_a_thousand_bad_ids_still_get_a_status(edge: Edge, contest_id: str) -> None:
    """A status with too many invalid fields names the first ones, and reaches the client."""
    request = pb.WatchContestRequest(contest_id=contest_id, scope=_USERS)
    request.user_ids.extend(f"{number} {'u' * 100}" for number in range(1_000))

    rejection = await edge.rejection("WatchContest", request)

    assert rejection == invalid(*(f"user_ids[{index}]" for index in range(len(rejection.fields))))
    assert rejection.fields
