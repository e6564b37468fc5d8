package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.leaderboard.v1.UpdateStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Statuses are told apart, with all that they say. */
class RpcStatusTest {
  /** Each code has its kind of exception. */
  @Test
  void codesHaveKinds() {
    Map<Status.Code, Class<?>> kinds =
        Map.of(
            Status.Code.INVALID_ARGUMENT, InvalidRequestException.class,
            Status.Code.OUT_OF_RANGE, OutOfRangeException.class,
            Status.Code.NOT_FOUND, NotFoundException.class,
            Status.Code.ALREADY_EXISTS, RequestIdReusedException.class,
            Status.Code.FAILED_PRECONDITION, FailedPreconditionException.class,
            Status.Code.RESOURCE_EXHAUSTED, OverloadedException.class,
            Status.Code.UNAVAILABLE, UnavailableException.class,
            Status.Code.DEADLINE_EXCEEDED, DeadlineExceededException.class,
            Status.Code.PERMISSION_DENIED, LeaderboardException.class);

    kinds.forEach((code, kind) -> assertSame(kind, read(Statuses.refusal(code, "")).getClass()));
  }

  /** Reason, metadata and fields come from the details, and the text names the fields. */
  @Test
  void detailsAreRead() {
    LeaderboardException error =
        read(
            Statuses.refusal(
                Status.Code.INVALID_ARGUMENT,
                "1 field is malformed",
                Statuses.info("ERROR_REASON_INVALID_FIELD", Map.of("field", "user_id")),
                Statuses.badRequest("user_id", "is missing")));

    assertEquals("ERROR_REASON_INVALID_FIELD", error.reason());
    assertEquals(Map.of("field", "user_id"), error.metadata());
    assertEquals(List.of(new FieldViolation("user_id", "is missing")), error.violations());
    assertEquals("user_id: is missing", error.getMessage());
    assertFalse(error.isRetryable());
  }

  /** A status that says when to come back is worth trying again, whatever its code. */
  @Test
  void retryInfoIsRetryable() {
    LeaderboardException error =
        read(
            Statuses.refusal(
                Status.Code.RESOURCE_EXHAUSTED,
                "too many calls",
                Statuses.info("ERROR_REASON_OVERLOADED", Map.of("limit", "calls")),
                Statuses.retry(1500)));

    assertEquals(Optional.of(Duration.ofMillis(1500)), error.retryAfter());
    assertTrue(error.isRetryable());
  }

  /** What nobody answered in time is worth trying again, whoever says so. */
  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"DEADLINE_EXCEEDED", "UNAVAILABLE"})
  void absenceIsRetryable(Status.Code code) {
    assertTrue(read(Statuses.refusal(code, "too late")).isRetryable());
    assertTrue(
        read(Statuses.refusal(code, "", Statuses.info("ERROR_REASON_DRAINING", Map.of())))
            .isRetryable());
  }

  /** What a broken connection is reported as is worth trying again; a reason of ours is not. */
  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"ABORTED", "CANCELLED", "INTERNAL", "UNKNOWN"})
  void brokenConnectionsAreRetryable(Status.Code code) {
    assertTrue(read(Statuses.refusal(code, "stream removed")).isRetryable());
    assertFalse(
        read(Statuses.refusal(code, "", Statuses.info("ERROR_REASON_INTERNAL", Map.of())))
            .isRetryable());
  }

  /** A text without details says what the system reported. */
  @Test
  void causesAreTold() {
    Status status =
        Status.UNAVAILABLE.withDescription("io exception").withCause(new IOException("refused"));

    assertEquals("io exception: refused", StatusMapping.ofCall(status, null).getMessage());
    assertEquals("UNAVAILABLE", StatusMapping.ofCall(Status.UNAVAILABLE, null).getMessage());
  }

  /** A refused update of a batch reads as the same call alone. */
  @Test
  void updatesAreRead() throws InvalidProtocolBufferException {
    com.google.rpc.Status status =
        Statuses.status(
            Status.Code.OUT_OF_RANGE,
            "too much",
            Statuses.info("ERROR_REASON_SCORE_OUT_OF_RANGE", Map.of("userId", "ada")));

    LeaderboardException error =
        StatusMapping.ofUpdate(UpdateStatus.parseFrom(status.toByteString()));

    assertSame(OutOfRangeException.class, error.getClass());
    assertEquals("ERROR_REASON_SCORE_OUT_OF_RANGE", error.reason());
    assertEquals("too much", error.getMessage());
  }

  private static LeaderboardException read(StatusRuntimeException error) {
    return StatusMapping.ofCall(error.getStatus(), error.getTrailers());
  }
}
