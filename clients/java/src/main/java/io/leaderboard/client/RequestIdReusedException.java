package io.leaderboard.client;

/** The request id was used with another payload (REQUEST_ID_REUSED). Nothing was written. */
public final class RequestIdReusedException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  RequestIdReusedException(RpcStatus status) {
    super(status);
  }
}
