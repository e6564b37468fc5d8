package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.google.protobuf.FieldMask;
import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.leaderboard.v1.CreateContestResponse;
import io.leaderboard.v1.GetContestResponse;
import io.leaderboard.v1.UpdateContestRequest;
import io.leaderboard.v1.UpdateContestResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Contests are created, read and changed with exactly the settings that the caller gives. */
@Timeout(30)
class ContestCallsTest extends WithFakeService {
  private static final io.leaderboard.v1.ContestRules RACE_RULES =
      io.leaderboard.v1.ContestRules.newBuilder()
          .setOrder(io.leaderboard.v1.Order.ORDER_LOWEST_FIRST)
          .setTieBreak(io.leaderboard.v1.TieBreak.TIE_BREAK_LAST_REACHED)
          .setRankStyle(io.leaderboard.v1.RankStyle.RANK_STYLE_DENSE)
          .setDefaultMode(io.leaderboard.v1.UpdateMode.UPDATE_MODE_BEST)
          .setMinScore(0)
          .setMaxScore(60_000)
          .setMaxPoints(10)
          .build();
  private static final io.leaderboard.v1.Contest RACE =
      io.leaderboard.v1.Contest.newBuilder()
          .setContestId("race")
          .setDisplayName("Race")
          .setRules(RACE_RULES)
          .build();
  private static final ContestRules RULES =
      ContestRules.builder()
          .order(Order.LOWEST_FIRST)
          .tieBreak(TieBreak.LAST_REACHED)
          .rankStyle(RankStyle.DENSE)
          .defaultMode(UpdateMode.BEST)
          .minScore(0)
          .maxScore(60_000)
          .maxPoints(10)
          .build();
  private static final ContestSettings SETTINGS =
      ContestSettings.builder("race").displayName("Race").rules(RULES).build();

  /** A contest is created with its settings, and returned with its state. */
  @Test
  void createSendsAllSettings() {
    fake.contests.create.respond(
        CreateContestResponse.newBuilder()
            .setContest(
                RACE.toBuilder()
                    .setState(io.leaderboard.v1.ContestState.CONTEST_STATE_OPEN)
                    .setSeason(1)
                    .setTotalUsers(3)
                    .setPosition(WatchMessages.position(7))
                    .setCreatedAt(Timestamp.newBuilder().setSeconds(5).setNanos(1_000_000)))
            .build());

    Contest contest = client.createContest(SETTINGS).join();

    assertEquals(RACE, fake.contests.create.request().getContest());
    assertEquals(
        new Contest(
            "race",
            "Race",
            RULES,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            OptionalInt.empty(),
            ContestState.OPEN,
            1,
            3,
            new Position("e", 7),
            Optional.of(Instant.ofEpochMilli(5_001)),
            Optional.empty()),
        contest);
  }

  /** A contest without settings is created with the default of each. */
  @Test
  void createSendsDefaults() {
    fake.contests.create.respond(CreateContestResponse.getDefaultInstance());

    client.createContest(ContestSettings.builder("race").build()).join();

    io.leaderboard.v1.Contest sent = fake.contests.create.request().getContest();
    assertEquals("", sent.getDisplayName());
    assertEquals(ContestRules.builder().build(), RuleMessages.of(sent.getRules()));
  }

  /** Rules that the service leaves out have their defaults, and a contest may have no time. */
  @Test
  void absentFieldsAreDefaults() {
    fake.contests.get.respond(GetContestResponse.getDefaultInstance());

    Contest contest = client.getContest("race").join();

    assertEquals(ContestRules.builder().build(), contest.rules());
    assertEquals(Optional.empty(), contest.createdAt());
    assertEquals("race", fake.contests.get.request().getContestId());
  }

  /** An update names the settings that were given, and no others. */
  @Test
  void updateNamesWhatChanges() {
    assertEquals(
        UpdateContestRequest.newBuilder()
            .setContest(
                io.leaderboard.v1.Contest.newBuilder()
                    .setContestId("race")
                    .setRules(io.leaderboard.v1.ContestRules.newBuilder().setMinScore(0)))
            .setUpdateMask(mask("rules.min_score"))
            .build(),
        sentFor(ContestUpdate.builder("race").minScore(0).build()));
    assertEquals(
        UpdateContestRequest.newBuilder()
            .setContest(
                io.leaderboard.v1.Contest.newBuilder()
                    .setContestId("race")
                    .setRules(io.leaderboard.v1.ContestRules.getDefaultInstance()))
            .setUpdateMask(
                mask("display_name", "rules.min_score", "rules.max_score", "rules.max_points"))
            .build(),
        sentFor(
            ContestUpdate.builder("race")
                .displayName("")
                .clearMinScore()
                .clearMaxScore()
                .maxPoints(1)
                .clearMaxPoints()
                .build()));
  }

  /** All rules can be changed at once, or each by itself. */
  @Test
  void updateSendsEachRule() {
    UpdateContestRequest all =
        sentFor(ContestUpdate.builder("race").displayName("Race").rules(RULES).build());
    UpdateContestRequest each =
        sentFor(
            ContestUpdate.builder("race")
                .displayName("Race")
                .order(Order.LOWEST_FIRST)
                .tieBreak(TieBreak.LAST_REACHED)
                .rankStyle(RankStyle.DENSE)
                .defaultMode(UpdateMode.BEST)
                .minScore(0)
                .maxScore(60_000)
                .maxPoints(10)
                .build());

    assertEquals(RACE, all.getContest());
    assertEquals(mask("display_name", "rules"), all.getUpdateMask());
    assertEquals(RACE, each.getContest());
    assertEquals(
        List.of(
            "display_name",
            "rules.order",
            "rules.tie_break",
            "rules.rank_style",
            "rules.default_mode",
            "rules.min_score",
            "rules.max_score",
            "rules.max_points"),
        each.getUpdateMask().getPathsList());
  }

  /** Creating and updating are retried with the same request. */
  @Test
  void writesAreRetried() {
    fake.contests.create.fail(Statuses.STORE_UNAVAILABLE);
    fake.contests.create.fail(Status.INTERNAL.asRuntimeException());
    fake.contests.create.respond(CreateContestResponse.newBuilder().setContest(RACE).build());
    fake.contests.update.fail(Statuses.STORE_UNAVAILABLE);
    fake.contests.update.respond(UpdateContestResponse.newBuilder().setContest(RACE).build());

    assertEquals("race", client.createContest(SETTINGS).join().contestId());
    assertEquals(
        "Race",
        client
            .updateContest(ContestUpdate.builder("race").displayName("Race").build())
            .join()
            .displayName());

    assertEquals(3, fake.contests.create.requests.size());
    assertEquals(1, fake.contests.create.requests.stream().distinct().count());
    assertEquals(2, fake.contests.update.requests.size());
    assertEquals(1, fake.contests.update.requests.stream().distinct().count());
  }

  /** Errors have the exception of their code, and their reason. */
  @Test
  void errorsHaveTheirReasons() {
    fake.contests.create.fail(
        error(Status.Code.ALREADY_EXISTS, "ERROR_REASON_CONTEST_ALREADY_EXISTS", Map.of()));
    fake.contests.get.fail(
        error(Status.Code.NOT_FOUND, "ERROR_REASON_CONTEST_NOT_FOUND", Map.of()));
    fake.contests.update.fail(
        error(
            Status.Code.FAILED_PRECONDITION,
            "ERROR_REASON_RULES_LOCKED",
            Map.of("field", "rules.order")));

    LeaderboardException exists = errorOf(client.createContest(SETTINGS));
    LeaderboardException missing = errorOf(client.getContest("race"));
    LeaderboardException locked =
        errorOf(
            client.updateContest(
                ContestUpdate.builder("race").order(Order.HIGHEST_FIRST).build()));

    assertInstanceOf(AlreadyExistsException.class, exists);
    assertEquals("ERROR_REASON_CONTEST_ALREADY_EXISTS", exists.reason());
    assertInstanceOf(NotFoundException.class, missing);
    assertEquals("ERROR_REASON_CONTEST_NOT_FOUND", missing.reason());
    assertInstanceOf(FailedPreconditionException.class, locked);
    assertEquals(Map.of("field", "rules.order"), locked.metadata());
  }

  /** Returns the request that an update sends. */
  private UpdateContestRequest sentFor(ContestUpdate update) {
    fake.contests.update.respond(UpdateContestResponse.getDefaultInstance());
    client.updateContest(update).join();
    return fake.contests.update.requests.get(fake.contests.update.requests.size() - 1);
  }

  private static FieldMask mask(String... paths) {
    return FieldMask.newBuilder().addAllPaths(List.of(paths)).build();
  }

  private static StatusRuntimeException error(
      Status.Code code, String reason, Map<String, String> metadata) {
    return Statuses.error(code, "", Statuses.errorInfo(reason, metadata));
  }
}
