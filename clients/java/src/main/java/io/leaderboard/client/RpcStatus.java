package io.leaderboard.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a status and its details say: all that a {@link LeaderboardException} is made of.
 *
 * @param code the status code, never OK
 * @param message what is wrong, for people
 * @param reason the name of the service's reason; empty when the status is not its own
 * @param metadata what belongs to the reason
 * @param violations the fields that are malformed
 * @param retryAfter when the server asks to try again, if it does
 * @param cause what the transport reported; null for an update of a batch
 * @param passing whether the same request may succeed later
 */
record RpcStatus(
    Status.Code code,
    String message,
    String reason,
    Map<String, String> metadata,
    List<FieldViolation> violations,
    Optional<Duration> retryAfter,
    Throwable cause,
    boolean passing) {

  /** Where nobody was there in time, whoever says so. */
  private static final Set<Status.Code> AWAY =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED);

  /** What gRPC itself, or a proxy on the way, says of a connection that broke. */
  private static final Set<Status.Code> BROKEN =
      EnumSet.of(
          Status.Code.ABORTED, Status.Code.CANCELLED, Status.Code.INTERNAL, Status.Code.UNKNOWN);

  /** Returns what a status says; the code, the reason and the time tell whether it passes. */
  static RpcStatus of(
      Status.Code code,
      String message,
      String reason,
      Map<String, String> metadata,
      List<FieldViolation> violations,
      Optional<Duration> retryAfter,
      Throwable cause) {
    boolean broke = reason.isEmpty() && BROKEN.contains(code);
    boolean passing = AWAY.contains(code) || retryAfter.isPresent() || broke;
    return new RpcStatus(
        code, message, reason, metadata, violations, retryAfter, cause, passing);
  }

  /** Returns what the client itself found, of which it knows that it passes. */
  static RpcStatus passing(Status.Code code, String message, Throwable cause) {
    return own(code, message, cause, true);
  }

  /** Returns what the client itself found, of which it knows that trying again is no help. */
  static RpcStatus lasting(Status.Code code, String message, Throwable cause) {
    return own(code, message, cause, false);
  }

  private static RpcStatus own(
      Status.Code code, String message, Throwable cause, boolean passing) {
    return new RpcStatus(
        code, message, "", Map.of(), List.of(), Optional.empty(), cause, passing);
  }
}
