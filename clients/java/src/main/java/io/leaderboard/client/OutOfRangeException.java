package io.leaderboard.client;

/** The points or the resulting score exceed ±2^53 (OUT_OF_RANGE). Nothing was written. */
public final class OutOfRangeException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  OutOfRangeException(RpcStatus status) {
    super(status);
  }
}
