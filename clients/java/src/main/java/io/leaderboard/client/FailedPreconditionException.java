package io.leaderboard.client;

/**
 * No server can give the asked position (FAILED_PRECONDITION); the metadata hold the
 * present one.
 */
public final class FailedPreconditionException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  FailedPreconditionException(RpcStatus refusal) {
    super(refusal);
  }
}
