"""Calls that remove, hide and erase users: their requests, and how responses are decoded."""

from collections.abc import Iterable
from functools import partial

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_client.calls import Call
from leaderboard_client.encoding import encoding, user_list
from leaderboard_client.moderation import ErasedPart, HiddenUser, UsersChanged
from leaderboard_client.pages import Page


def remove_users(contest_id: str, user_ids: Iterable[str]) -> Call[UsersChanged]:
    """Return the call that removes users; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.RemoveUsersRequest(contest_id=contest_id, user_ids=user_list(user_ids))
    return Call("RemoveUsers", request, UsersChanged.decode)


def hide_users(contest_id: str, user_ids: Iterable[str]) -> Call[UsersChanged]:
    """Return the call that hides users; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.HideUsersRequest(contest_id=contest_id, user_ids=user_list(user_ids))
    return Call("HideUsers", request, UsersChanged.decode)


def unhide_users(contest_id: str, user_ids: Iterable[str]) -> Call[UsersChanged]:
    """Return the call that ends the hiding of users; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.UnhideUsersRequest(contest_id=contest_id, user_ids=user_list(user_ids))
    return Call("UnhideUsers", request, UsersChanged.decode)


def list_hidden_users(
    contest_id: str, page_size: int, page_token: str = ""
) -> Call[Page[HiddenUser]]:
    """Return the call that reads hidden users; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.ListHiddenUsersRequest(
            contest_id=contest_id, page_size=page_size, page_token=page_token
        )
    return Call("ListHiddenUsers", request, partial(_hidden_page, contest_id, page_size))


def erase_user(user_id: str, page_token: str) -> Call[Page[ErasedPart]]:
    """Return the call that erases a user from a part of all contests.

    Raises:
        ValueError: It can't be encoded.
    """
    with encoding():
        request = pb.EraseUserRequest(user_id=user_id, page_token=page_token)
    return Call("EraseUser", request, partial(_erased_part, user_id))


def _hidden_page(
    contest_id: str, page_size: int, response: pb.ListHiddenUsersResponse
) -> Page[HiddenUser]:
    without = [HiddenUser(user_id=user_id) for user_id in response.user_ids_without_score]
    token = response.next_page_token
    return Page(
        (*map(HiddenUser.decode, response.users), *without),
        list_hidden_users(contest_id, page_size, token) if token else None,
    )


def _erased_part(user_id: str, response: pb.EraseUserResponse) -> Page[ErasedPart]:
    token = response.next_page_token
    part = ErasedPart(contests_changed=response.contests_changed, next_page_token=token)
    return Page((part,), erase_user(user_id, token) if token else None)
