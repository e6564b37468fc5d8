package io.leaderboard.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
 */
record Refusal(
    Status.Code code,
    String message,
    String reason,
    Map<String, String> metadata,
    List<FieldViolation> violations,
    Optional<Duration> retryAfter,
    Throwable cause) {

  /** Returns a refusal that has no more to say than a code and a message. */
  static Refusal of(Status.Code code, String message, Throwable cause) {
    return new Refusal(code, message, "", Map.of(), List.of(), Optional.empty(), cause);
  }
}
