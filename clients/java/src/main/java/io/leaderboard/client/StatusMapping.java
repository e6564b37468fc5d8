package io.leaderboard.client;

import com.google.common.base.Throwables;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.leaderboard.v1.UpdateStatus;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the statuses of calls, and of updates of a batch, as exceptions. */
final class StatusMapping {
  private static final String DOMAIN = "leaderboard.v1";

  private StatusMapping() {}

  /**
   * Reads the status that a call or a stream ended with.
   *
   * @param trailers what came with it; may be null
   */
  static LeaderboardException ofCall(Status status, Metadata trailers) {
    Throwable cause = status.asRuntimeException(trailers);
    com.google.rpc.Status rich = StatusProto.fromThrowable(cause);
    List<Any> details = rich == null ? List.of() : rich.getDetailsList();
    return exception(refusal(status.getCode(), told(status), details, cause));
  }

  /** Reads the status of a refused update of a batch. */
  static LeaderboardException ofUpdate(UpdateStatus status) {
    Status.Code code = Status.fromCodeValue(status.getCode()).getCode();
    return exception(refusal(code, status.getMessage(), status.getDetailsList(), null));
  }

  /** Returns what tells of a defect: of an answer that can't be read, or of the client. */
  static LeaderboardException defect(String message, Throwable cause) {
    return exception(RpcStatus.lasting(Status.Code.INTERNAL, message, cause));
  }

  /** Returns the kind of exception that belongs to the code. */
  static LeaderboardException exception(RpcStatus refusal) {
    return switch (refusal.code()) {
      case INVALID_ARGUMENT -> new InvalidRequestException(refusal);
      case OUT_OF_RANGE -> new OutOfRangeException(refusal);
      case NOT_FOUND -> new NotFoundException(refusal);
      case ALREADY_EXISTS -> new RequestIdReusedException(refusal);
      case FAILED_PRECONDITION -> new FailedPreconditionException(refusal);
      case RESOURCE_EXHAUSTED -> new OverloadedException(refusal);
      case UNAVAILABLE -> new UnavailableException(refusal);
      case DEADLINE_EXCEEDED -> new DeadlineExceededException(refusal);
      default -> new LeaderboardException(refusal);
    };
  }

  private static RpcStatus refusal(
      Status.Code code, String text, List<Any> details, Throwable cause) {
    String reason = "";
    Map<String, String> metadata = Map.of();
    List<FieldViolation> violations = new ArrayList<>();
    Optional<Duration> retryAfter = Optional.empty();
    try {
      for (Any detail : details) {
        if (detail.is(ErrorInfo.class)) {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          boolean ours = info.getDomain().equals(DOMAIN);
          reason = ours ? info.getReason() : reason;
          metadata = ours ? info.getMetadataMap() : metadata;
        } else if (detail.is(BadRequest.class)) {
          for (var field : detail.unpack(BadRequest.class).getFieldViolationsList()) {
            violations.add(new FieldViolation(field.getField(), field.getDescription()));
          }
        } else if (detail.is(RetryInfo.class)) {
          retryAfter = Optional.of(Responses.duration(detail.unpack(RetryInfo.class)));
        }
      }
    } catch (InvalidProtocolBufferException | ArithmeticException e) {
      // Details of another make: the code and the text are what is known.
      reason = "";
    }
    String message = text(code, text, violations);
    return RpcStatus.of(
        code, message, reason, Map.copyOf(metadata), List.copyOf(violations), retryAfter, cause);
  }

  /** Joins what the status, the connection and, where it is not trusted, its certificate say. */
  private static String told(Status status) {
    Throwable first = status.getCause();
    Throwable last = first == null ? null : Throwables.getRootCause(first);
    return Stream.of(
            status.getDescription(),
            first == null ? null : first.getMessage(),
            last != first && last instanceof GeneralSecurityException ? last.getMessage() : null)
        .filter(Objects::nonNull)
        .collect(Collectors.joining(": "));
  }

  private static String text(Status.Code code, String text, List<FieldViolation> violations) {
    String fields =
        violations.stream()
            .map(violation -> violation.field() + ": " + violation.description())
            .collect(Collectors.joining("; "));
    String chosen = fields.isEmpty() ? text : fields;
    return chosen.isBlank() ? code.name() : chosen.strip().replaceAll("\\s+", " ");
  }
}
