"""Encodes the results of moderation as response bytes."""

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_server.domain.moderation import ErasedPart, HiddenPage, UsersChanged
from leaderboard_server.transport.moderation_requests import encode_part
from leaderboard_server.transport.page_tokens import encode_token


def removed(result: UsersChanged) -> bytes:
    """Encode the response of `RemoveUsers`."""
    return _encode(pb.RemoveUsersResponse(), result)


def hidden(result: UsersChanged) -> bytes:
    """Encode the response of `HideUsers`."""
    return _encode(pb.HideUsersResponse(), result)


def unhidden(result: UsersChanged) -> bytes:
    """Encode the response of `UnhideUsers`."""
    return _encode(pb.UnhideUsersResponse(), result)


def hidden_page(page: HiddenPage) -> bytes:
    """Encode the response of `ListHiddenUsers`."""
    response = pb.ListHiddenUsersResponse(next_page_token=encode_part(page.next))
    for user in page.users:
        if user.score is None:
            response.user_ids_without_score.append(user.user_id)
        else:
            target = response.users.add(user_id=user.user_id, score=user.score)
            target.display_name = user.display_name
            target.attributes.update(user.attributes)
    return response.SerializeToString()


def erased(part: ErasedPart) -> bytes:
    """Encode the response of `EraseUser`."""
    response = pb.EraseUserResponse(contests_changed=part.contests_changed)
    response.next_page_token = encode_token(part.next_after)
    return response.SerializeToString()


def _encode(
    response: pb.RemoveUsersResponse | pb.HideUsersResponse | pb.UnhideUsersResponse,
    result: UsersChanged,
) -> bytes:
    response.count = result.number
    response.position.epoch, response.position.revision = result.position
    return response.SerializeToString()
