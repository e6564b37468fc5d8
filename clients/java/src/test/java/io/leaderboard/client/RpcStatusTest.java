package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import io.grpc.Metadata;
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

/** Statuses are decoded with their details into the right exceptions. */
class RpcStatusTest {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  /** Each code has its class of exception. */
  @Test
  void codesHaveClasses() {
    Map<Status.Code, Class<?>> classes =
        Map.of(
            Status.Code.INVALID_ARGUMENT, InvalidRequestException.class,
            Status.Code.OUT_OF_RANGE, OutOfRangeException.class,
            Status.Code.NOT_FOUND, NotFoundException.class,
            Status.Code.ALREADY_EXISTS, AlreadyExistsException.class,
            Status.Code.FAILED_PRECONDITION, FailedPreconditionException.class,
            Status.Code.RESOURCE_EXHAUSTED, OverloadedException.class,
            Status.Code.UNAVAILABLE, UnavailableException.class,
            Status.Code.DEADLINE_EXCEEDED, DeadlineExceededException.class,
            Status.Code.PERMISSION_DENIED, LeaderboardException.class);

    classes.forEach((code, type) -> assertSame(type, decode(Statuses.error(code, "")).getClass()));
  }

  /** ALREADY_EXISTS has a class for each reason. */
  @Test
  void reasonsOfAlreadyExistsHaveClasses() {
    Map<String, Class<?>> classes =
        Map.of(
            "ERROR_REASON_REQUEST_ID_REUSED", RequestIdReusedException.class,
            "ERROR_REASON_CONTEST_ALREADY_EXISTS", AlreadyExistsException.class);

    classes.forEach(
        (reason, type) -> {
          LeaderboardException error =
              decode(
                  Statuses.error(
                      Status.Code.ALREADY_EXISTS, "", Statuses.errorInfo(reason, Map.of())));
          assertSame(type, error.getClass());
          assertEquals(reason, error.reason());
          assertFalse(error.isRetryable());
        });
  }

  /** Reason, metadata and violations come from the details, and the message names the fields. */
  @Test
  void detailsAreDecoded() {
    LeaderboardException error =
        decode(
            Statuses.error(
                Status.Code.INVALID_ARGUMENT,
                "1 field is malformed",
                Statuses.errorInfo("ERROR_REASON_INVALID_FIELD", Map.of("field", "user_id")),
                Statuses.badRequest("user_id", "is missing")));

    assertEquals("ERROR_REASON_INVALID_FIELD", error.reason());
    assertEquals(Map.of("field", "user_id"), error.metadata());
    assertEquals(List.of(new FieldViolation("user_id", "is missing")), error.violations());
    assertEquals("user_id: is missing", error.getMessage());
    assertFalse(error.isRetryable());
  }

  /** A status with a retry delay is retryable with any code. */
  @Test
  void retryInfoIsRetryable() {
    LeaderboardException error =
        decode(
            Statuses.error(
                Status.Code.RESOURCE_EXHAUSTED,
                "too many calls",
                Statuses.errorInfo("ERROR_REASON_OVERLOADED", Map.of("limit", "calls")),
                Statuses.retryInfo(1500)));

    assertEquals(Optional.of(Duration.ofMillis(1500)), error.retryAfter());
    assertTrue(error.isRetryable());
  }

  /** UNAVAILABLE and DEADLINE_EXCEEDED are retryable with and without a reason. */
  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"DEADLINE_EXCEEDED", "UNAVAILABLE"})
  void unreachableServerIsRetryable(Status.Code code) {
    assertTrue(decode(Statuses.error(code, "too late")).isRetryable());
    assertTrue(
        decode(Statuses.error(code, "", Statuses.errorInfo("ERROR_REASON_DRAINING", Map.of())))
            .isRetryable());
  }

  /** Codes of a broken connection are retryable without a reason of the service. */
  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"ABORTED", "CANCELLED", "INTERNAL", "UNKNOWN"})
  void brokenConnectionIsRetryable(Status.Code code) {
    assertTrue(decode(Statuses.error(code, "stream removed")).isRetryable());
    assertFalse(
        decode(Statuses.error(code, "", Statuses.errorInfo("ERROR_REASON_INTERNAL", Map.of())))
            .isRetryable());
  }

  /** A detail that can't be decoded does not change what the others say. */
  @Test
  void eachDetailIsDecodedByItself() {
    Any malformed =
        Any.pack(BadRequest.getDefaultInstance()).toBuilder()
            .setValue(ByteString.copyFrom(new byte[] {-1, 1}))
            .build();
    Any reason = Any.pack(Statuses.errorInfo("ERROR_REASON_INTERNAL", Map.of("incident", "f3")));
    Any retry = Any.pack(Statuses.retryInfo(1500));

    for (List<Any> details :
        List.of(List.of(malformed, reason, retry), List.of(retry, reason, malformed))) {
      LeaderboardException error = decodeUpdate(Status.Code.INTERNAL, details);
      assertEquals("ERROR_REASON_INTERNAL", error.reason());
      assertEquals(Map.of("incident", "f3"), error.metadata());
      assertEquals(Optional.of(Duration.ofMillis(1500)), error.retryAfter());
    }
    assertFalse(decodeUpdate(Status.Code.INTERNAL, List.of(reason, malformed)).isRetryable());
  }

  /** Details that can't be decoded at all, or belong to another code, leave the code and the text. */
  @Test
  void statusIsValidWithoutItsDetails() {
    Metadata malformed = new Metadata();
    malformed.put(DETAILS, new byte[] {-1, 1});
    Metadata other = new Metadata();
    other.put(
        DETAILS,
        Statuses.status(
                Status.Code.INTERNAL, "", Statuses.errorInfo("ERROR_REASON_INTERNAL", Map.of()))
            .toByteArray());

    for (Metadata trailers : List.of(malformed, other)) {
      LeaderboardException error =
          RpcStatus.ofCall(Status.NOT_FOUND.withDescription("no such user"), trailers)
              .toException();
      assertSame(NotFoundException.class, error.getClass());
      assertEquals("no such user", error.getMessage());
      assertEquals("", error.reason());
    }
  }

  /** The message includes the cause that the transport reported. */
  @Test
  void causeIsInTheMessage() {
    Status status =
        Status.UNAVAILABLE.withDescription("io exception").withCause(new IOException("refused"));

    assertEquals("io exception: refused", RpcStatus.ofCall(status, null).message());
    assertEquals("UNAVAILABLE", RpcStatus.ofCall(Status.UNAVAILABLE, null).message());
  }

  /** The status of an update of a batch is decoded like that of a call. */
  @Test
  void updateStatusIsDecoded() throws InvalidProtocolBufferException {
    com.google.rpc.Status status =
        Statuses.status(
            Status.Code.OUT_OF_RANGE,
            "out of range",
            Statuses.errorInfo("ERROR_REASON_SCORE_OUT_OF_RANGE", Map.of("userId", "ada")));

    LeaderboardException error =
        RpcStatus.ofUpdate(UpdateStatus.parseFrom(status.toByteString())).toException();

    assertSame(OutOfRangeException.class, error.getClass());
    assertEquals("ERROR_REASON_SCORE_OUT_OF_RANGE", error.reason());
    assertEquals("out of range", error.getMessage());
  }

  private static LeaderboardException decodeUpdate(Status.Code code, List<Any> details) {
    return RpcStatus.ofUpdate(
            UpdateStatus.newBuilder().setCode(code.value()).addAllDetails(details).build())
        .toException();
  }

  private static LeaderboardException decode(StatusRuntimeException error) {
    return RpcStatus.ofCall(error.getStatus(), error.getTrailers()).toException();
  }
}
