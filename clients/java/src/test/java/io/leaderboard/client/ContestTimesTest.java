package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.leaderboard.v1.CreateContestResponse;
import io.leaderboard.v1.DeleteContestRequest;
import io.leaderboard.v1.DeleteContestResponse;
import io.leaderboard.v1.GetContestResponse;
import io.leaderboard.v1.ListContestsResponse;
import io.leaderboard.v1.UpdateContestRequest;
import io.leaderboard.v1.UpdateContestResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Contests open, close and expire at the times that the caller gives, and can be deleted. */
@Timeout(30)
class ContestTimesTest extends WithFakeService {
  private static final Instant START = Instant.parse("2026-12-01T18:00:00.125Z");
  private static final Instant END = Instant.parse("2026-12-02T18:00:00Z");
  private static final Duration KEPT = Duration.ofMillis(3_600_500);
  private static final io.leaderboard.v1.Contest CUP =
      io.leaderboard.v1.Contest.newBuilder()
          .setContestId("cup")
          .setStartsAt(
              Timestamp.newBuilder().setSeconds(START.getEpochSecond()).setNanos(125_000_000))
          .setEndsAt(Timestamp.newBuilder().setSeconds(END.getEpochSecond()))
          .setExpireAfter(
              com.google.protobuf.Duration.newBuilder().setSeconds(3_600).setNanos(500_000_000))
          .build();

  /** A contest is created with its times, and returned with them and its state. */
  @Test
  void timesAreSentAndReturned() {
    fake.contests.create.respond(
        CreateContestResponse.newBuilder()
            .setContest(
                CUP.toBuilder()
                    .setState(io.leaderboard.v1.ContestState.CONTEST_STATE_SCHEDULED))
            .build());

    Contest contest =
        client
            .createContest(
                ContestSettings.builder("cup")
                    .startsAt(START)
                    .endsAt(END)
                    .expireAfter(KEPT)
                    .build())
            .join();

    io.leaderboard.v1.Contest sent = fake.contests.create.request().getContest();
    assertEquals(CUP, sent.toBuilder().clearRules().build());
    assertEquals(Optional.of(START), contest.startsAt());
    assertEquals(Optional.of(END), contest.endsAt());
    assertEquals(Optional.of(KEPT), contest.expireAfter());
    assertEquals(ContestState.SCHEDULED, contest.state());
  }

  /** A contest without times has none, and a state that is not known yet is UNSPECIFIED. */
  @Test
  void absentTimesAreEmpty() {
    GetContestResponse.Builder response = GetContestResponse.newBuilder();
    response.getContestBuilder().setContestId("cup").setStateValue(99);
    fake.contests.get.respond(response.build());

    Contest contest = client.getContest("cup").join();

    assertEquals(Optional.empty(), contest.startsAt());
    assertEquals(Optional.empty(), contest.endsAt());
    assertEquals(Optional.empty(), contest.expireAfter());
    assertEquals(ContestState.UNSPECIFIED, contest.state());
  }

  /** An update sets the times that were given, removes those that were cleared, and no others. */
  @Test
  void updateNamesTheTimesThatChange() {
    fake.contests.update.respond(UpdateContestResponse.getDefaultInstance());
    fake.contests.update.respond(UpdateContestResponse.getDefaultInstance());

    client
        .updateContest(
            ContestUpdate.builder("cup").startsAt(START).endsAt(END).expireAfter(KEPT).build())
        .join();
    client
        .updateContest(
            ContestUpdate.builder("cup")
                .clearStartsAt()
                .endsAt(END)
                .clearEndsAt()
                .clearExpireAfter()
                .build())
        .join();

    UpdateContestRequest set = fake.contests.update.requests.get(0);
    UpdateContestRequest cleared = fake.contests.update.requests.get(1);
    List<String> all = List.of("starts_at", "ends_at", "expire_after");
    assertEquals(CUP, set.getContest().toBuilder().clearRules().build());
    assertEquals(all, set.getUpdateMask().getPathsList());
    assertEquals(
        io.leaderboard.v1.Contest.newBuilder().setContestId("cup").build(),
        cleared.getContest().toBuilder().clearRules().build());
    assertEquals(all, cleared.getUpdateMask().getPathsList());
  }

  /** The list can be of the contests of one state. */
  @ParameterizedTest
  @EnumSource(ContestState.class)
  void listIsOfOneState(ContestState state) {
    fake.contests.list.respond(ListContestsResponse.getDefaultInstance());

    client.listContests(ContestsQuery.builder().state(state).build()).iterator().hasNext();

    assertEquals("CONTEST_STATE_" + state, fake.contests.list.request().getState().name());
  }

  /** A delete names the epoch that is meant, if there is one, and is retried. */
  @Test
  void deleteNamesTheEpoch() {
    fake.contests.delete.fail(Statuses.STORE_UNAVAILABLE);
    fake.contests.delete.respond(DeleteContestResponse.getDefaultInstance());
    fake.contests.delete.respond(DeleteContestResponse.getDefaultInstance());

    client.deleteContest("cup", "5d2f").join();
    client.deleteContest("cup").join();

    DeleteContestRequest any = DeleteContestRequest.newBuilder().setContestId("cup").build();
    DeleteContestRequest one = any.toBuilder().setEpoch("5d2f").build();
    assertEquals(List.of(one, one, any), fake.contests.delete.requests);
  }

  /** A write to a contest that is not open fails with its state and time, and is not retried. */
  @Test
  void writeOfClosedContestFails() {
    Map<String, String> metadata =
        Map.of("contestId", "cup", "state", "CLOSED", "time", "2026-12-02T18:00:00Z");
    fake.updates.add(
        observer ->
            observer.onError(
                Statuses.error(
                    Status.Code.FAILED_PRECONDITION,
                    "the contest is not open",
                    Statuses.errorInfo("ERROR_REASON_CONTEST_NOT_OPEN", metadata))));

    LeaderboardException error = errorOf(client.updateScore(ScoreUpdate.of("cup", "ada", 1)));

    assertInstanceOf(FailedPreconditionException.class, error);
    assertEquals("ERROR_REASON_CONTEST_NOT_OPEN", error.reason());
    assertEquals(metadata, error.metadata());
    assertEquals(1, fake.updateRequests.size());
  }
}
