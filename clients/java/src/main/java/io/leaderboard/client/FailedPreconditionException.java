package io.leaderboard.client;

/**
 * No server can reach the requested position (FAILED_PRECONDITION); the metadata hold the current
 * one.
 */
public final class FailedPreconditionException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  FailedPreconditionException(RpcStatus status) {
    super(status);
  }
}
