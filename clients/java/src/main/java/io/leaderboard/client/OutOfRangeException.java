package io.leaderboard.client;

/**
 * The points or the resulting score are beyond the bounds (OUT_OF_RANGE), which are ±2^53 or those
 * of the rules of the contest; the metadata hold them. Nothing was written.
 */
public final class OutOfRangeException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  OutOfRangeException(RpcStatus status) {
    super(status);
  }
}
