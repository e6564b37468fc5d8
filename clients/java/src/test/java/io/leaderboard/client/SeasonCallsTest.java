package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.leaderboard.v1.CreateContestResponse;
import io.leaderboard.v1.GetContestResponse;
import io.leaderboard.v1.ListSeasonsRequest;
import io.leaderboard.v1.ListSeasonsResponse;
import io.leaderboard.v1.ResetContestRequest;
import io.leaderboard.v1.ResetContestResponse;
import io.leaderboard.v1.UpdateContestRequest;
import io.leaderboard.v1.UpdateContestResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The seasons of a contest have a schedule, end by a call, and are listed. */
@Timeout(30)
class SeasonCallsTest extends WithFakeService {
  private static final ResetSchedule MONDAYS = ResetSchedule.of("0 0 * * MON", "Europe/Berlin");
  private static final Instant MONDAY = Instant.parse("2026-05-03T22:00:00Z");
  private static final io.leaderboard.v1.Contest CUP =
      io.leaderboard.v1.Contest.newBuilder()
          .setContestId("cup")
          .setResetSchedule(
              io.leaderboard.v1.ResetSchedule.newBuilder()
                  .setCron("0 0 * * MON")
                  .setTimeZone("Europe/Berlin"))
          .setKeepSeasons(0)
          .build();

  /** A contest is created with its schedule, and returned with it and its season. */
  @Test
  void scheduleIsSentAndReturned() {
    fake.contests.create.respond(
        CreateContestResponse.newBuilder()
            .setContest(CUP.toBuilder().setSeason(4).setNextResetAt(timestamp(MONDAY)))
            .build());

    Contest contest =
        client
            .createContest(
                ContestSettings.builder("cup").resetSchedule(MONDAYS).keepSeasons(0).build())
            .join();

    io.leaderboard.v1.Contest sent = fake.contests.create.request().getContest();
    assertEquals(CUP, sent.toBuilder().clearRules().build());
    assertEquals(Optional.of(MONDAYS), contest.resetSchedule());
    assertEquals(OptionalInt.of(0), contest.keepSeasons());
    assertEquals(4, contest.season());
    assertEquals(Optional.of(MONDAY), contest.nextResetAt());
  }

  /** A contest without a schedule has none, and no number of kept seasons of its own. */
  @Test
  void absentScheduleIsEmpty() {
    GetContestResponse.Builder response = GetContestResponse.newBuilder();
    response.getContestBuilder().setContestId("cup").setSeason(1);
    fake.contests.get.respond(response.build());

    Contest contest = client.getContest("cup").join();

    assertEquals(Optional.empty(), contest.resetSchedule());
    assertEquals(OptionalInt.empty(), contest.keepSeasons());
    assertEquals(1, contest.season());
    assertEquals(Optional.empty(), contest.nextResetAt());
  }

  /** An update sets a schedule and a number of seasons, or removes them. */
  @Test
  void updateNamesTheSchedule() {
    fake.contests.update.respond(UpdateContestResponse.getDefaultInstance());
    fake.contests.update.respond(UpdateContestResponse.getDefaultInstance());

    client
        .updateContest(ContestUpdate.builder("cup").resetSchedule(MONDAYS).keepSeasons(0).build())
        .join();
    client
        .updateContest(
            ContestUpdate.builder("cup")
                .resetSchedule(MONDAYS)
                .clearResetSchedule()
                .keepSeasons(3)
                .clearKeepSeasons()
                .build())
        .join();

    UpdateContestRequest set = fake.contests.update.requests.get(0);
    UpdateContestRequest cleared = fake.contests.update.requests.get(1);
    List<String> both = List.of("reset_schedule", "keep_seasons");
    assertEquals(CUP, set.getContest().toBuilder().clearRules().build());
    assertEquals(both, set.getUpdateMask().getPathsList());
    assertFalse(cleared.getContest().hasResetSchedule());
    assertFalse(cleared.getContest().hasKeepSeasons());
    assertEquals(both, cleared.getUpdateMask().getPathsList());
  }

  /** A schedule without a time zone is one in UTC. */
  @Test
  void scheduleIsInUtcByDefault() {
    assertEquals(ResetSchedule.of("0 0 1 * *", "UTC"), ResetSchedule.of("0 0 1 * *"));
  }

  /** Texts and ids with unpaired surrogates are rejected. */
  @Test
  void malformedTextsAreRejected() {
    assertThrows(IllegalArgumentException.class, () -> ResetSchedule.of("\ud800"));
    assertThrows(IllegalArgumentException.class, () -> ResetSchedule.of("0 0 1 * *", "\ud800"));
    assertThrows(IllegalArgumentException.class, () -> client.resetContest("\ud800", 1));
    assertThrows(IllegalArgumentException.class, () -> client.listSeasons("\ud800"));
  }

  /** A reset names the season that is meant, is retried, and returns the contest after it. */
  @Test
  void resetNamesTheSeason() {
    fake.contests.reset.fail(Statuses.STORE_UNAVAILABLE);
    fake.contests.reset.respond(
        ResetContestResponse.newBuilder().setContest(CUP.toBuilder().setSeason(4)).build());

    Contest contest = client.resetContest("cup", 3).join();

    assertEquals(4, contest.season());
    ResetContestRequest sent =
        ResetContestRequest.newBuilder().setContestId("cup").setSeason(3).build();
    assertEquals(List.of(sent, sent), fake.contests.reset.requests);
  }

  /** A reset of a season that has not begun fails with the current one, and is not retried. */
  @Test
  void resetOfALaterSeasonFails() {
    Map<String, String> metadata = Map.of("contestId", "cup", "season", "2");
    fake.contests.reset.fail(
        Statuses.error(
            Status.Code.FAILED_PRECONDITION,
            "",
            Statuses.errorInfo("ERROR_REASON_SEASON_NOT_CURRENT", metadata)));

    LeaderboardException error = errorOf(client.resetContest("cup", 3));

    assertInstanceOf(FailedPreconditionException.class, error);
    assertEquals("ERROR_REASON_SEASON_NOT_CURRENT", error.reason());
    assertEquals(metadata, error.metadata());
    assertFalse(error.isRetryable());
  }

  /** The seasons of all pages are listed, each with its times and users. */
  @Test
  void seasonsOfAllPagesAreListed() {
    fake.contests.listSeasons.respond(
        ListSeasonsResponse.newBuilder()
            .addSeasons(
                io.leaderboard.v1.Season.newBuilder()
                    .setNumber(2)
                    .setStartedAt(timestamp(MONDAY))
                    .setPosition(WatchMessages.position(8)))
            .setNextPageToken("t1")
            .build());
    fake.contests.listSeasons.fail(Statuses.STORE_UNAVAILABLE);
    fake.contests.listSeasons.respond(
        ListSeasonsResponse.newBuilder()
            .addSeasons(
                io.leaderboard.v1.Season.newBuilder()
                    .setNumber(1)
                    .setEndedAt(timestamp(MONDAY))
                    .setTotalUsers(7)
                    .setPosition(WatchMessages.position(7)))
            .build());

    List<Season> seasons = new ArrayList<>();
    client.listSeasons(SeasonsQuery.builder("cup").pageSize(1).build()).forEach(seasons::add);

    assertEquals(
        List.of(
            new Season(2, Optional.of(MONDAY), Optional.empty(), 0, new Position("e", 8)),
            new Season(1, Optional.empty(), Optional.of(MONDAY), 7, new Position("e", 7))),
        seasons);
    ListSeasonsRequest first =
        ListSeasonsRequest.newBuilder().setContestId("cup").setPageSize(1).build();
    ListSeasonsRequest second = first.toBuilder().setPageToken("t1").build();
    assertEquals(List.of(first, second, second), fake.contests.listSeasons.requests);
  }

  /** No page of seasons is read before it is needed, and one that fails has the error of a call. */
  @Test
  void seasonsAreReadOnDemand() {
    Iterator<Season> seasons = client.listSeasons("cup").iterator();
    assertTrue(fake.contests.listSeasons.requests.isEmpty());
    fake.contests.listSeasons.fail(
        Statuses.error(
            Status.Code.NOT_FOUND,
            "",
            Statuses.errorInfo("ERROR_REASON_CONTEST_NOT_FOUND", Map.of())));

    assertThrows(NotFoundException.class, seasons::hasNext);
  }

  private static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder().setSeconds(time.getEpochSecond()).build();
  }
}
