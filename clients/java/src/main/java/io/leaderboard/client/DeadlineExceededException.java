package io.leaderboard.client;

/**
 * The call got no response within its timeout (DEADLINE_EXCEEDED). A write may have been applied.
 */
public final class DeadlineExceededException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  DeadlineExceededException(RpcStatus status) {
    super(status);
  }
}
