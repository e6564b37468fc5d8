package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.grpc.Status;
import io.leaderboard.v1.BatchGetUserRanksRequest;
import io.leaderboard.v1.BatchGetUserRanksResponse;
import io.leaderboard.v1.GetScoreRankRequest;
import io.leaderboard.v1.GetScoreRankResponse;
import io.leaderboard.v1.GetUserRankRequest;
import io.leaderboard.v1.GetUserRankResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reads of ranks send their queries unchanged, and return everything of the responses. */
@Timeout(30)
class RankReadsTest extends WithFakeService {
  private static final Position AT = new Position("e", 7);
  private static final io.leaderboard.v1.RankedUser ADA =
      WatchMessages.user("ada", 7, 2, 3).toBuilder()
          .setDisplayName("Ada")
          .putAttributes("team", "red")
          .build();
  private static final io.leaderboard.v1.RankedUser BOB = WatchMessages.user("bob", 7, 2, 2);

  /** A rank has place, attributes, neighbors and the rows around. */
  @Test
  void userRankHasTheRowsAround() {
    fake.userRank.respond(
        GetUserRankResponse.newBuilder()
            .setUser(ADA)
            .addNeighbors(BOB)
            .addAround(BOB)
            .addAround(ADA)
            .setTotalUsers(3)
            .setPercentile(50)
            .setPosition(WatchMessages.position(7))
            .build());

    UserRank rank =
        client
            .getUserRank(
                UserRankQuery.builder("chess", "ada")
                    .neighbors(1)
                    .around(2)
                    .minPosition(AT)
                    .build())
            .join();

    assertEquals(
        GetUserRankRequest.newBuilder()
            .setContestId("chess")
            .setUserId("ada")
            .setNeighbors(1)
            .setAround(2)
            .setMinPosition(WatchMessages.position(7))
            .build(),
        fake.userRank.request());
    RankedUser ada = new RankedUser("ada", 7, 2, "Ada", 3, Map.of("team", "red"));
    RankedUser bob = new RankedUser("bob", 7, 2, "", 2, Map.of());
    assertEquals(new UserRank(ada, List.of(bob), List.of(bob, ada), 3, 50, AT), rank);
  }

  /** The ranks of several users name the users without a score. */
  @Test
  void userRanksNameMissingUsers() {
    fake.userRanks.respond(
        BatchGetUserRanksResponse.newBuilder()
            .addUsers(BOB)
            .addMissingUserIds("eve")
            .addMissingUserIds("dan")
            .setTotalUsers(3)
            .setPosition(WatchMessages.position(8))
            .build());

    UserRanks ranks =
        client
            .batchGetUserRanks(
                UserRanksQuery.builder("chess", List.of("eve", "bob", "dan"))
                    .minPosition(AT)
                    .build())
            .join();

    assertEquals(
        BatchGetUserRanksRequest.newBuilder()
            .setContestId("chess")
            .addAllUserIds(List.of("eve", "bob", "dan"))
            .setMinPosition(WatchMessages.position(7))
            .build(),
        fake.userRanks.request());
    assertEquals(
        new UserRanks(
            List.of(new RankedUser("bob", 7, 2, "", 2, Map.of())),
            List.of("eve", "dan"),
            3,
            new Position("e", 8)),
        ranks);
  }

  /** The rank of a score has its place and the rows around. */
  @Test
  void scoreRankHasTheRowsAround() {
    fake.scoreRank.respond(
        GetScoreRankResponse.newBuilder()
            .setRank(2)
            .setPlace(4)
            .addAround(BOB)
            .setTotalUsers(3)
            .setPosition(WatchMessages.position(8))
            .build());

    ScoreRank rank =
        client
            .getScoreRank(ScoreRankQuery.builder("chess", -7).around(1).minPosition(AT).build())
            .join();

    assertEquals(
        GetScoreRankRequest.newBuilder()
            .setContestId("chess")
            .setScore(-7)
            .setAround(1)
            .setMinPosition(WatchMessages.position(7))
            .build(),
        fake.scoreRank.request());
    assertEquals(
        new ScoreRank(
            2,
            4,
            List.of(new RankedUser("bob", 7, 2, "", 2, Map.of())),
            3,
            new Position("e", 8)),
        rank);
  }

  /** Reads are retried, and fail with the exception of their reason. */
  @Test
  void readsAreRetried() {
    fake.userRanks.fail(Statuses.STORE_UNAVAILABLE);
    fake.userRanks.respond(BatchGetUserRanksResponse.getDefaultInstance());
    fake.scoreRank.fail(Statuses.STORE_UNAVAILABLE);
    fake.scoreRank.fail(
        Statuses.error(
            Status.Code.FAILED_PRECONDITION,
            "",
            Statuses.errorInfo("ERROR_REASON_POSITION_UNREACHABLE", Map.of())));

    client.batchGetUserRanks(UserRanksQuery.of("chess", List.of("ada"))).join();
    LeaderboardException error = errorOf(client.getScoreRank("chess", 1));

    assertInstanceOf(FailedPreconditionException.class, error);
    assertEquals(2, fake.userRanks.requests.size());
  }
}
