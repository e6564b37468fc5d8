package io.leaderboard.client;

import io.leaderboard.v1.EraseUserRequest;
import io.leaderboard.v1.EraseUserResponse;
import io.leaderboard.v1.HideUsersRequest;
import io.leaderboard.v1.ListHiddenUsersRequest;
import io.leaderboard.v1.ListHiddenUsersResponse;
import io.leaderboard.v1.RemoveUsersRequest;
import io.leaderboard.v1.UnhideUsersRequest;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Converts calls that remove, hide and erase users into messages of the contract, and back. */
final class UserMessages {
  private UserMessages() {}

  static RemoveUsersRequest remove(String contestId, List<String> userIds) {
    return RemoveUsersRequest.newBuilder()
        .setContestId(UnicodeText.check(contestId, "contestId"))
        .addAllUserIds(checked(userIds))
        .build();
  }

  static HideUsersRequest hide(String contestId, List<String> userIds) {
    return HideUsersRequest.newBuilder()
        .setContestId(UnicodeText.check(contestId, "contestId"))
        .addAllUserIds(checked(userIds))
        .build();
  }

  static UnhideUsersRequest unhide(String contestId, List<String> userIds) {
    return UnhideUsersRequest.newBuilder()
        .setContestId(UnicodeText.check(contestId, "contestId"))
        .addAllUserIds(checked(userIds))
        .build();
  }

  static ListHiddenUsersRequest listHidden(HiddenUsersQuery query, String pageToken) {
    return ListHiddenUsersRequest.newBuilder()
        .setContestId(query.contestId())
        .setPageSize(query.pageSize())
        .setPageToken(pageToken)
        .build();
  }

  static EraseUserRequest erase(String userId, String pageToken) {
    return EraseUserRequest.newBuilder().setUserId(userId).setPageToken(pageToken).build();
  }

  static UsersChanged changed(int count, io.leaderboard.v1.Position position) {
    return new UsersChanged(count, Responses.of(position));
  }

  static PageIterator.Page<HiddenUser> of(ListHiddenUsersResponse message) {
    Stream<HiddenUser> scored = message.getUsersList().stream().map(UserMessages::hidden);
    Stream<HiddenUser> others =
        message.getUserIdsWithoutScoreList().stream()
            .map(userId -> new HiddenUser(userId, OptionalLong.empty(), "", Map.of()));
    return new PageIterator.Page<>(
        Stream.concat(scored, others).toList(), message.getNextPageToken());
  }

  static PageIterator.Page<ErasedPart> of(EraseUserResponse message) {
    ErasedPart part = new ErasedPart(message.getContestsChanged(), message.getNextPageToken());
    return new PageIterator.Page<>(List.of(part), message.getNextPageToken());
  }

  private static HiddenUser hidden(io.leaderboard.v1.RankedUser message) {
    return new HiddenUser(
        message.getUserId(),
        OptionalLong.of(message.getScore()),
        message.getDisplayName(),
        message.getAttributesMap());
  }

  private static List<String> checked(List<String> userIds) {
    return userIds.stream().map(userId -> UnicodeText.check(userId, "userIds")).toList();
  }
}
