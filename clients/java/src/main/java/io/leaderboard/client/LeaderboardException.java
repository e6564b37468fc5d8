package io.leaderboard.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A call, an update of a batch or a watch did not succeed.
 *
 * <p>The subclasses tell the kinds apart that a caller can do something about; whatever else the
 * service or gRPC reports is of this class itself. The text is one line for people. A call that its
 * caller cancelled ends with a {@link java.util.concurrent.CancellationException} instead.
 */
public class LeaderboardException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient RpcStatus refusal;

  LeaderboardException(RpcStatus refusal) {
    super(refusal.message(), refusal.cause());
    this.refusal = refusal;
  }

  /**
   * Returns the gRPC status code.
   *
   * @return the code, never OK
   */
  public Status.Code code() {
    return refusal.code();
  }

  /**
   * Returns why, as the service says.
   *
   * @return the name of a value of the contract's {@code ErrorReason}; empty when gRPC decided
   */
  public String reason() {
    return refusal.reason();
  }

  /**
   * Returns what belongs to the reason, such as the contest.
   *
   * @return the metadata by the keys that the contract gives with each reason
   */
  public Map<String, String> metadata() {
    return refusal.metadata();
  }

  /**
   * Returns the fields that the service did not accept.
   *
   * @return up to ten fields, often none
   */
  public List<FieldViolation> violations() {
    return refusal.violations();
  }

  /**
   * Returns when the server asks to try again.
   *
   * @return the time from the answer on, if it asks
   */
  public Optional<Duration> retryAfter() {
    return refusal.retryAfter();
  }

  /**
   * Tells whether the same request may succeed later, without any change to it: nobody was there to
   * serve it in time, the connection broke under it, or the server says when to come back.
   *
   * @return whether to try again
   */
  public boolean isRetryable() {
    return refusal.passing();
  }
}
