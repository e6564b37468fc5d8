package io.leaderboard.client;

import io.grpc.Status;
import io.leaderboard.v1.ErrorReason;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A failed call, update of a batch, or watch.
 *
 * <p>Errors that a caller can handle have a subclass; every other error of the service or of gRPC
 * is of this class itself. The message is one line. A call whose future is cancelled fails with a
 * {@link java.util.concurrent.CancellationException} instead.
 */
public class LeaderboardException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int AWAY_FAILURES = 2;

  private final transient RpcStatus status;

  LeaderboardException(RpcStatus status) {
    super(status.message(), status.cause());
    this.status = status;
  }

  /**
   * Returns the gRPC status code.
   *
   * @return the code, never OK
   */
  public Status.Code code() {
    return status.code();
  }

  /**
   * Returns the reason that the service gave.
   *
   * @return the name of a value of the contract's {@code ErrorReason}; empty if gRPC made the error
   */
  public String reason() {
    return status.reason();
  }

  /**
   * Returns the metadata of the reason, such as the contest.
   *
   * @return the metadata by the keys that the contract defines for each reason
   */
  public Map<String, String> metadata() {
    return status.metadata();
  }

  /**
   * Returns the malformed fields of the request.
   *
   * @return up to ten fields, often none
   */
  public List<FieldViolation> violations() {
    return status.violations();
  }

  /**
   * Returns the delay that the server asks for before a retry.
   *
   * @return the delay, counted from the response; empty if the server asks for none
   */
  public Optional<Duration> retryAfter() {
    return status.retryAfter();
  }

  /**
   * Returns whether the same request may succeed later: no server responded in time, the connection
   * broke, or the server says when to retry.
   *
   * @return whether a retry may help
   */
  public boolean isRetryable() {
    return status.retryable();
  }

  /**
   * Returns whether another server may answer at once: this one drains, did not answer, or its
   * connection broke.
   */
  boolean isServerDown() {
    boolean lost = reason().isEmpty() && retryAfter().isEmpty() && isRetryable();
    return lost || isDraining();
  }

  /**
   * Returns how many failures the delay before the next attempt follows from. While there is no
   * server, that is no more than 2, and the delay up to 0.8 s: the server may be back at any moment,
   * and an attempt without it costs it nothing.
   */
  int countedFailures(int failures) {
    boolean away = code() == Status.Code.UNAVAILABLE && isServerDown();
    return away ? Math.min(failures, AWAY_FAILURES) : failures;
  }

  /** Returns whether the server refused the call because it shuts down. */
  boolean isDraining() {
    return reason().equals(ErrorReason.ERROR_REASON_SERVER_DRAINING.name());
  }

  /**
   * Returns the delay that the server asks for before a retry. That of a server that drains is not
   * waited for: another server takes its place.
   */
  Optional<Duration> requestedDelay() {
    return isDraining() ? Optional.empty() : retryAfter();
  }
}
