package io.leaderboard.client;

/** No server was available within the timeout (UNAVAILABLE). A write may have been applied. */
public final class UnavailableException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  UnavailableException(RpcStatus status) {
    super(status);
  }
}
