package io.leaderboard.client;

import com.google.common.base.Throwables;
import com.google.protobuf.Any;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.leaderboard.v1.ErrorReason;
import io.leaderboard.v1.UpdateStatus;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A gRPC status with its decoded details: the content of a {@link LeaderboardException}.
 *
 * @param code the status code, never OK
 * @param message the error message, one line
 * @param reason the name of the service's {@code ErrorReason}; empty if the service set none
 * @param metadata the metadata of the reason
 * @param violations the malformed fields
 * @param retryAfter the delay that the server asks for before a retry, if any
 * @param cause the transport's exception; null for an update of a batch
 * @param retryable whether the same request may succeed later
 */
record RpcStatus(
    Status.Code code,
    String message,
    String reason,
    Map<String, String> metadata,
    List<FieldViolation> violations,
    Optional<Duration> retryAfter,
    Throwable cause,
    boolean retryable) {

  /** Codes that are retryable with any reason: no server responded in time. */
  private static final Set<Status.Code> UNREACHABLE =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED);

  /** Codes that gRPC or a proxy gives a broken connection; retryable without a reason. */
  private static final Set<Status.Code> BROKEN =
      EnumSet.of(
          Status.Code.ABORTED, Status.Code.CANCELLED, Status.Code.INTERNAL, Status.Code.UNKNOWN);

  /**
   * Decodes the status of a failed call or stream.
   *
   * @param trailers the trailers of the status; may be null
   */
  static RpcStatus ofCall(Status status, Metadata trailers) {
    Throwable cause = status.asRuntimeException(trailers);
    return decode(status.getCode(), messageOf(status), detailsOf(cause), cause);
  }

  /** Decodes the status of a failed update of a batch. */
  static RpcStatus ofUpdate(UpdateStatus status) {
    Status.Code code = Status.fromCodeValue(status.getCode()).getCode();
    return decode(code, status.getMessage(), status.getDetailsList(), null);
  }

  /** Returns a status for an error that the client itself detected. */
  static RpcStatus local(Status.Code code, String message, Throwable cause, boolean retryable) {
    return new RpcStatus(
        code, message, "", Map.of(), List.of(), Optional.empty(), cause, retryable);
  }

  /** Returns a status for a malformed response or a defect of the client. */
  static RpcStatus internal(String message, Throwable cause) {
    return local(Status.Code.INTERNAL, message, cause, false);
  }

  /** Returns an exception of the class that belongs to the code and the reason. */
  LeaderboardException toException() {
    if (cause != null && cause.getCause() instanceof BearerToken.MissingException) {
      return new NoTokenException(this);
    }
    return switch (code) {
      case INVALID_ARGUMENT -> new InvalidRequestException(this);
      case OUT_OF_RANGE -> new OutOfRangeException(this);
      case NOT_FOUND -> new NotFoundException(this);
      case ALREADY_EXISTS ->
          reason.equals(ErrorReason.ERROR_REASON_REQUEST_ID_REUSED.name())
              ? new RequestIdReusedException(this)
              : new AlreadyExistsException(this);
      case FAILED_PRECONDITION -> new FailedPreconditionException(this);
      case RESOURCE_EXHAUSTED -> new OverloadedException(this);
      case UNAVAILABLE -> new UnavailableException(this);
      case DEADLINE_EXCEEDED -> new DeadlineExceededException(this);
      default -> new LeaderboardException(this);
    };
  }

  private static RpcStatus decode(
      Status.Code code, String text, List<Any> details, Throwable cause) {
    StatusDetails known = new StatusDetails(details);
    boolean broken = known.reason().isEmpty() && BROKEN.contains(code);
    return new RpcStatus(
        code,
        oneLine(code, text, known.violations()),
        known.reason(),
        known.metadata(),
        known.violations(),
        known.retryAfter(),
        cause,
        UNREACHABLE.contains(code) || known.retryAfter().isPresent() || broken);
  }

  private static List<Any> detailsOf(Throwable cause) {
    try {
      com.google.rpc.Status rich = StatusProto.fromThrowable(cause);
      return rich == null ? List.of() : rich.getDetailsList();
    } catch (IllegalArgumentException e) {
      // They are malformed, or of another code: the code and the text are valid without them.
      return List.of();
    }
  }

  /** Joins the description, the cause and, for a TLS failure, its root cause. */
  private static String messageOf(Status status) {
    Throwable first = status.getCause();
    Throwable last = first == null ? null : Throwables.getRootCause(first);
    return Stream.of(
            status.getDescription(),
            first == null ? null : first.getMessage(),
            last != first && last instanceof GeneralSecurityException ? last.getMessage() : null)
        .filter(Objects::nonNull)
        .collect(Collectors.joining(": "));
  }

  private static String oneLine(Status.Code code, String text, List<FieldViolation> violations) {
    String fields =
        violations.stream()
            .map(violation -> violation.field() + ": " + violation.description())
            .collect(Collectors.joining("; "));
    String chosen = fields.isEmpty() ? text : fields;
    return chosen.isBlank() ? code.name() : chosen.strip().replaceAll("\\s+", " ");
  }
}
