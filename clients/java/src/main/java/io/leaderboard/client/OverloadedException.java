package io.leaderboard.client;

/** The server is at its limit of work, or the request is too large (RESOURCE_EXHAUSTED). */
public final class OverloadedException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  OverloadedException(RpcStatus status) {
    super(status);
  }
}
