package io.leaderboard.client;

import static io.leaderboard.client.WatchMessages.change;
import static io.leaderboard.client.WatchMessages.changes;
import static io.leaderboard.client.WatchMessages.end;
import static io.leaderboard.client.WatchMessages.position;
import static io.leaderboard.client.WatchMessages.snapshot;
import static io.leaderboard.client.WatchMessages.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.leaderboard.v1.BatchUpdateResult;
import io.leaderboard.v1.BatchUpdateScoresResponse;
import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.UpdateStatus;
import io.leaderboard.v1.WatchContestResponse;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Updates and reads name a season, and watches go on in the next one. */
@Timeout(30)
class SeasonFieldsTest extends WithFakeService {
  private static final Map<String, String> METADATA = Map.of("contestId", "chess", "season", "4");
  private static final StatusRuntimeException NOT_KEPT =
      Statuses.error(
          Status.Code.NOT_FOUND,
          "",
          Statuses.errorInfo("ERROR_REASON_SEASON_NOT_FOUND", METADATA));
  private static final com.google.rpc.Status NOT_CURRENT =
      Statuses.status(
          Status.Code.FAILED_PRECONDITION,
          "",
          Statuses.errorInfo("ERROR_REASON_SEASON_NOT_CURRENT", METADATA));
  private static final ScoreUpdate LATE =
      ScoreUpdate.builder("chess", "ada").points(5).season(3).build();

  /** An update of a season that is not the current one fails with that one, and is not retried. */
  @Test
  void lateUpdateFails() {
    fake.updates.add(
        observer -> observer.onError(StatusProto.toStatusRuntimeException(NOT_CURRENT)));

    assertIsNotCurrent(errorOf(client.updateScore(LATE)));

    assertEquals(3, fake.updateRequests.get(0).getSeason());
    assertEquals(1, fake.updateRequests.size());
  }

  /** In a batch and in a buffer a late update fails alone, and is not sent again. */
  @Test
  void lateUpdateOfABatchFails() throws InterruptedException {
    fake.batches.add(request -> refused());
    fake.batches.add(request -> refused());
    List<LeaderboardException> reported = new CopyOnWriteArrayList<>();

    List<BatchResult> results = client.batchUpdateScores(List.of(LATE)).join();
    ScoreBufferOptions options =
        ScoreBufferOptions.builder().onError((update, error) -> reported.add(error)).build();
    try (ScoreBuffer buffer = client.scoreBuffer(options)) {
      buffer.add(LATE);
    }

    assertIsNotCurrent(assertInstanceOf(BatchResult.Failure.class, results.get(0)).error());
    assertEquals(1, reported.size());
    assertIsNotCurrent(reported.get(0));
    assertEquals(
        List.of(3, 3),
        fake.batchRequests.stream().map(request -> request.getUpdates(0).getSeason()).toList());
  }

  /** An update that names no season is one of the current season. */
  @Test
  void seasonIsNotSentByDefault() {
    fake.updates.add(FakeService.score(5));

    client.updateScore(ScoreUpdate.of("chess", "ada", 5)).join();

    assertEquals(0, fake.updateRequests.get(0).getSeason());
  }

  /** Each read names its season, and fails if that is not kept. */
  @Test
  void readsNameTheirSeason() {
    fake.topUsers.fail(NOT_KEPT);
    fake.userRank.fail(NOT_KEPT);
    fake.userRanks.fail(NOT_KEPT);
    fake.scoreRank.fail(NOT_KEPT);

    assertIsNotKept(client.getTopUsers(TopUsersQuery.builder("chess").season(-1).build()));
    assertIsNotKept(client.getUserRank(UserRankQuery.builder("chess", "ada").season(1).build()));
    assertIsNotKept(
        client.batchGetUserRanks(
            UserRanksQuery.builder("chess", List.of("ada")).season(2).build()));
    assertIsNotKept(client.getScoreRank(ScoreRankQuery.builder("chess", 5).season(3).build()));

    assertEquals(-1, fake.topUsers.request().getSeason());
    assertEquals(1, fake.userRank.request().getSeason());
    assertEquals(2, fake.userRanks.request().getSeason());
    assertEquals(3, fake.scoreRank.request().getSeason());
  }

  /** A watch goes on with the empty board of the next season; each update has its season. */
  @Test
  void watchGoesOnInTheNextSeason() {
    WatchContestResponse.Builder next = inSeason(4, "f", snapshot(9, 0));
    next.getSnapshotBuilder()
        .setReason(io.leaderboard.v1.SnapshotReason.SNAPSHOT_REASON_NEW_SEASON);
    fake.watches.add(
        observer -> {
          observer.onNext(inSeason(3, "e", snapshot(7, 1, user("ada", 5, 1))).build());
          observer.onNext(next.build());
          observer.onError(Statuses.STORE_UNAVAILABLE);
        });
    scriptWatch(
        at("f", changes(9, 10, 1, change(user("eve", 1, 1), 0, 1))),
        at("f", end(10, EndReason.END_REASON_CONTEST_OVER)));

    List<WatchUpdate> updates = updatesOf(client.watchContest("chess"));

    assertEquals(
        List.of(
            OptionalInt.empty(),
            OptionalInt.of(3),
            OptionalInt.of(4),
            OptionalInt.of(4),
            OptionalInt.of(4),
            OptionalInt.of(4)),
        updates.stream().map(WatchUpdate::season).toList());
    WatchUpdate turned = updates.get(2);
    assertEquals(SnapshotReason.NEW_SEASON, turned.snapshotReason().orElseThrow());
    assertEquals(List.of(), turned.rows());
    assertEquals(OptionalInt.of(0), turned.totalUsers());
    assertEquals("eve", updates.get(5).rows().get(0).userId());
    assertEquals("f", fake.watchRequests.get(1).getResumeAfter().getEpoch());
  }

  /** A contest that begins while it is watched is in its first season. */
  @Test
  void contestBeginsInItsFirstSeason() {
    LiveBoard board = new LiveBoard(WatchScope.TOP, 10);

    board.apply(at("", snapshot(0, 0)));
    assertEquals(OptionalInt.of(0), board.season());

    board.apply(changes(0, 1, 1, change(user("ada", 5, 1), 0, 5)));
    assertEquals(OptionalInt.of(1), board.season());
  }

  private static void assertIsNotCurrent(LeaderboardException error) {
    assertInstanceOf(FailedPreconditionException.class, error);
    assertEquals("ERROR_REASON_SEASON_NOT_CURRENT", error.reason());
    assertEquals(METADATA, error.metadata());
    assertFalse(error.isRetryable());
  }

  private static void assertIsNotKept(CompletableFuture<?> call) {
    LeaderboardException error = errorOf(call);
    assertInstanceOf(NotFoundException.class, error);
    assertEquals("ERROR_REASON_SEASON_NOT_FOUND", error.reason());
    assertEquals(METADATA, error.metadata());
    assertFalse(error.isRetryable());
  }

  private static BatchUpdateScoresResponse refused() {
    UpdateStatus status =
        UpdateStatus.newBuilder()
            .setCode(NOT_CURRENT.getCode())
            .addAllDetails(NOT_CURRENT.getDetailsList())
            .build();
    return BatchUpdateScoresResponse.newBuilder()
        .addResults(BatchUpdateResult.newBuilder().setStatus(status))
        .build();
  }

  private static WatchContestResponse.Builder inSeason(
      int season, String epoch, WatchContestResponse message) {
    WatchContestResponse.Builder builder = at(epoch, message).toBuilder();
    builder.getSnapshotBuilder().setSeason(season);
    return builder;
  }

  private static WatchContestResponse at(String epoch, WatchContestResponse message) {
    long revision = message.getPosition().getRevision();
    return message.toBuilder()
        .setPosition(position(revision).toBuilder().setEpoch(epoch))
        .build();
  }
}
