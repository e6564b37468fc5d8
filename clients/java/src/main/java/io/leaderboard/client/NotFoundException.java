package io.leaderboard.client;

/**
 * The user has no score in the contest or is hidden, or there is no such contest (NOT_FOUND); the
 * reason says whether it is the user or the contest.
 */
public final class NotFoundException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  NotFoundException(RpcStatus status) {
    super(status);
  }
}
