package io.leaderboard.client;

/** Nobody was there to serve the call in its time (UNAVAILABLE). A write may have been applied. */
public final class UnavailableException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  UnavailableException(RpcStatus refusal) {
    super(refusal);
  }
}
