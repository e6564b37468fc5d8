package io.leaderboard.client;

/**
 * The user has no score in the contest or is hidden, there is no such contest, or the season is not
 * kept (NOT_FOUND); the reason says which of them.
 */
public final class NotFoundException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  NotFoundException(RpcStatus status) {
    super(status);
  }
}
