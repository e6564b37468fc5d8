package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.leaderboard.v1.EraseUserRequest;
import io.leaderboard.v1.EraseUserResponse;
import io.leaderboard.v1.HideUsersRequest;
import io.leaderboard.v1.HideUsersResponse;
import io.leaderboard.v1.ListHiddenUsersRequest;
import io.leaderboard.v1.ListHiddenUsersResponse;
import io.leaderboard.v1.RemoveUsersRequest;
import io.leaderboard.v1.RemoveUsersResponse;
import io.leaderboard.v1.UnhideUsersRequest;
import io.leaderboard.v1.UnhideUsersResponse;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Users are removed, hidden, unhidden, listed and erased as the caller says. */
@Timeout(30)
class UserCallsTest extends WithFakeService {
  private static final List<String> USERS = List.of("ada", "bob");

  /** Removing, hiding and unhiding send the users, return the count and the position, and retry. */
  @Test
  void usersAreChanged() {
    fake.contests.remove.fail(Statuses.STORE_UNAVAILABLE);
    fake.contests.remove.respond(
        RemoveUsersResponse.newBuilder()
            .setCount(2)
            .setPosition(WatchMessages.position(7))
            .build());
    fake.contests.hide.fail(Status.INTERNAL.asRuntimeException());
    fake.contests.hide.respond(
        HideUsersResponse.newBuilder().setCount(1).setPosition(WatchMessages.position(8)).build());
    fake.contests.unhide.fail(Statuses.STORE_UNAVAILABLE);
    fake.contests.unhide.respond(UnhideUsersResponse.getDefaultInstance());

    assertEquals(
        new UsersChanged(2, new Position("e", 7)), client.removeUsers("chess", USERS).join());
    assertEquals(
        new UsersChanged(1, new Position("e", 8)), client.hideUsers("chess", USERS).join());
    assertEquals(
        new UsersChanged(0, new Position("", 0)), client.unhideUsers("chess", USERS).join());

    RemoveUsersRequest removed =
        RemoveUsersRequest.newBuilder().setContestId("chess").addAllUserIds(USERS).build();
    HideUsersRequest hidden =
        HideUsersRequest.newBuilder().setContestId("chess").addAllUserIds(USERS).build();
    UnhideUsersRequest unhidden =
        UnhideUsersRequest.newBuilder().setContestId("chess").addAllUserIds(USERS).build();
    assertEquals(List.of(removed, removed), fake.contests.remove.requests);
    assertEquals(List.of(hidden, hidden), fake.contests.hide.requests);
    assertEquals(List.of(unhidden, unhidden), fake.contests.unhide.requests);
  }

  /** The hidden users of all pages are listed, also those without a score. */
  @Test
  void hiddenUsersAreListed() {
    fake.contests.listHidden.respond(
        ListHiddenUsersResponse.newBuilder()
            .addUsers(
                WatchMessages.user("ada", 5, 0).toBuilder()
                    .setDisplayName("Ada")
                    .putAttributes("team", "red"))
            .addUserIdsWithoutScore("eve")
            .setNextPageToken("t1")
            .build());
    fake.contests.listHidden.respond(
        ListHiddenUsersResponse.newBuilder().addUsers(WatchMessages.user("bob", 0, 0)).build());

    List<HiddenUser> users = new ArrayList<>();
    client
        .listHiddenUsers(HiddenUsersQuery.builder("chess").pageSize(2).build())
        .forEach(users::add);

    assertEquals(
        List.of(
            new HiddenUser("ada", OptionalLong.of(5), "Ada", Map.of("team", "red")),
            new HiddenUser("eve", OptionalLong.empty(), "", Map.of()),
            new HiddenUser("bob", OptionalLong.of(0), "", Map.of())),
        users);
    ListHiddenUsersRequest first =
        ListHiddenUsersRequest.newBuilder().setContestId("chess").setPageSize(2).build();
    assertEquals(
        List.of(first, first.toBuilder().setPageToken("t1").build()),
        fake.contests.listHidden.requests);
  }

  /** A user is erased part by part, each once it is asked for. */
  @Test
  void userIsErasedInParts() {
    Iterable<ErasedPart> parts = client.eraseUser("ada");
    assertTrue(fake.contests.erase.requests.isEmpty());
    fake.contests.erase.respond(part(3, "t1"));
    fake.contests.erase.respond(part(0, "t2"));
    fake.contests.erase.respond(part(1, ""));

    List<ErasedPart> erased = new ArrayList<>();
    parts.forEach(erased::add);

    assertEquals(
        List.of(new ErasedPart(3, "t1"), new ErasedPart(0, "t2"), new ErasedPart(1, "")), erased);
    assertEquals(List.of("", "t1", "t2"), erasedFrom());
  }

  /** After an error the same iterator goes on with the part that failed, and a new one too. */
  @Test
  void erasureCanGoOnAfterAnError() {
    fake.contests.erase.respond(part(3, "t1"));
    fake.contests.erase.fail(Statuses.error(Status.Code.PERMISSION_DENIED, ""));
    fake.contests.erase.respond(part(1, "t2"));
    fake.contests.erase.respond(part(2, ""));

    Iterator<ErasedPart> parts = client.eraseUser("ada").iterator();
    assertEquals("t1", parts.next().nextPageToken());
    assertThrows(LeaderboardException.class, parts::hasNext);
    assertEquals("t2", parts.next().nextPageToken());
    Iterator<ErasedPart> others = client.eraseUser("ada", "t2").iterator();
    assertEquals(2, others.next().contestsChanged());

    assertEquals(List.of("", "t1", "t1", "t2"), erasedFrom());
  }

  private static EraseUserResponse part(int contestsChanged, String nextToken) {
    return EraseUserResponse.newBuilder()
        .setContestsChanged(contestsChanged)
        .setNextPageToken(nextToken)
        .build();
  }

  private List<String> erasedFrom() {
    assertTrue(
        fake.contests.erase.requests.stream()
            .map(EraseUserRequest::getUserId)
            .allMatch("ada"::equals));
    return fake.contests.erase.requests.stream().map(EraseUserRequest::getPageToken).toList();
  }
}
