package io.leaderboard.client;

/**
 * The token supplier failed or returned an invalid token (UNAUTHENTICATED); nothing was sent. A
 * {@link WatchUpdate} has it as its trouble, and the watch tries again.
 */
public final class NoTokenException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  NoTokenException(RpcStatus status) {
    super(status);
  }
}
