"""Both clients delete contests, and remove, hide and erase users."""

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2

from cli.refusals import STORE_AWAY, refusal
from clients.python.any_client import AnyClient, call, listed
from clients.python.scripted_contests import ScriptedContests
from leaderboard.v1 import contests_pb2 as messages
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import (
    AsyncLeaderboardClient,
    ErasedPart,
    HiddenUser,
    Position,
    Unavailable,
    UsersChanged,
)

AT_FOUR = pb.Position(epoch="e", revision=4)


@pytest.mark.parametrize("epoch", ["", "e"])
async def test_a_contest_is_deleted(
    scripted: ScriptedContests, scripted_client: AnyClient, epoch: str
) -> None:
    """A deletion may name the epoch that it means, and returns nothing."""
    scripted.answers.append(messages.DeleteContestResponse())
    options = {"epoch": epoch} if epoch else {}

    assert await call(scripted_client, "delete_contest", "cup", **options) is None

    assert scripted.asked == [messages.DeleteContestRequest(contest_id="cup", epoch=epoch)]


_ACTIONS: list[tuple[str, Any, Any]] = [
    ("remove_users", messages.RemoveUsersRequest, messages.RemoveUsersResponse),
    ("hide_users", messages.HideUsersRequest, messages.HideUsersResponse),
    ("unhide_users", messages.UnhideUsersRequest, messages.UnhideUsersResponse),
]


@pytest.mark.parametrize(("method", "request_of", "response"), _ACTIONS)
async def test_users_are_changed(
    scripted: ScriptedContests,
    scripted_client: AnyClient,
    method: str,
    request_of: Any,
    response: Any,
) -> None:
    """Each call sends all users, and returns how many were changed, with the position."""
    scripted.answers.append(response(count=2, position=AT_FOUR))

    changed = await call(scripted_client, method, "cup", iter(["a", "b", "c"]))

    assert changed == UsersChanged(count=2, position=Position("e", 4))
    assert scripted.asked == [request_of(contest_id="cup", user_ids=["a", "b", "c"])]


async def test_all_pages_of_hidden_users_are_listed(
    scripted: ScriptedContests, scripted_client: AnyClient
) -> None:
    """Hidden users with and without a score come from all pages."""
    ada = pb.RankedUser(user_id="ada", score=0, display_name="Ada", attributes={"team": "red"})
    scripted.answers += [
        messages.ListHiddenUsersResponse(
            users=[ada], user_ids_without_score=["new"], next_page_token="t"
        ),
        messages.ListHiddenUsersResponse(next_page_token="u"),
        messages.ListHiddenUsersResponse(users=[pb.RankedUser(user_id="bo", score=-3)]),
    ]

    assert await listed(scripted_client, "list_hidden_users", "cup", page_size=2) == [
        HiddenUser(user_id="ada", score=0, display_name="Ada", attributes={"team": "red"}),
        HiddenUser(user_id="new", score=None),
        HiddenUser(user_id="bo", score=-3),
    ]
    assert scripted.asked == [
        messages.ListHiddenUsersRequest(contest_id="cup", page_size=2, page_token=token)
        for token in ("", "t", "u")
    ]


async def test_an_erasure_goes_on_where_it_failed(
    scripted: ScriptedContests, scripted_client: AnyClient
) -> None:
    """An iteration over parts that fails can be continued with the last token."""
    away = refusal(code_pb2.UNAVAILABLE, "no", "R", retry_after=60)
    scripted.answers += [
        messages.EraseUserResponse(contests_changed=3, next_page_token="t"),
        away,
        messages.EraseUserResponse(contests_changed=1, next_page_token="u"),
        messages.EraseUserResponse(),
    ]
    first = ErasedPart(contests_changed=3, next_page_token="t")

    parts: Any = scripted_client.erase_user("ada", timeout=5)
    if isinstance(scripted_client, AsyncLeaderboardClient):
        assert await anext(parts) == first
        with pytest.raises(Unavailable):
            await anext(parts)
    else:
        assert next(parts) == first
        with pytest.raises(Unavailable):
            next(parts)

    assert await listed(scripted_client, "erase_user", "ada", page_token="t") == [
        ErasedPart(contests_changed=1, next_page_token="u"),
        ErasedPart(contests_changed=0, next_page_token=""),
    ]
    assert scripted.asked == [
        messages.EraseUserRequest(user_id="ada", page_token=token) for token in ("", "t", "t", "u")
    ]


@pytest.mark.parametrize(
    ("method", "args", "response"),
    [
        ("delete_contest", ("cup",), messages.DeleteContestResponse()),
        *((method, ("cup", ["a"]), response()) for method, _, response in _ACTIONS),
    ],
)
async def test_a_transient_error_is_retried(
    scripted: ScriptedContests,
    scripted_client: AnyClient,
    method: str,
    args: tuple[Any, ...],
    response: Message,
) -> None:
    """Every call is repeated after a transient error, with the same request."""
    scripted.answers += [STORE_AWAY, response]

    await call(scripted_client, method, *args)

    first, second = scripted.asked
    assert first == second


@pytest.mark.parametrize(
    ("method", "args"),
    [("list_hidden_users", ("cup",)), ("erase_user", ("ada",))],
)
async def test_a_page_is_retried(
    scripted: ScriptedContests, scripted_client: AnyClient, method: str, args: tuple[str, ...]
) -> None:
    """A page whose call ends with a transient error is read again."""
    kinds = {
        "list_hidden_users": messages.ListHiddenUsersResponse(),
        "erase_user": messages.EraseUserResponse(),
    }
    scripted.answers += [STORE_AWAY, kinds[method]]

    await listed(scripted_client, method, *args)

    first, second = scripted.asked
    assert first == second


@pytest.mark.parametrize(
    "make",
    [
        lambda client: call(client, "delete_contest", "cup", epoch=5),
        lambda client: call(client, "remove_users", "cup", "ada"),
        lambda client: call(client, "hide_users", "cup", [5]),
        lambda client: call(client, "unhide_users", "cup", 5),
        lambda client: listed(client, "list_hidden_users", "cup", page_size="all"),
        lambda client: listed(client, "erase_user", 5),
    ],
)
async def test_arguments_that_can_not_be_encoded_are_refused(
    scripted: ScriptedContests, scripted_client: AnyClient, make: Callable[[AnyClient], Any]
) -> None:
    """An argument that the contract can't hold is a ValueError, before anything is sent."""
    with pytest.raises(ValueError, match=r"."):
        await make(scripted_client)

    assert not scripted.asked
