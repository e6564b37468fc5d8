package io.leaderboard.client;

/** The server has as much under way as it may, or the request is too large (RESOURCE_EXHAUSTED). */
public final class OverloadedException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  OverloadedException(RpcStatus refusal) {
    super(refusal);
  }
}
