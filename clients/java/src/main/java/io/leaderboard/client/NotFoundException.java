package io.leaderboard.client;

/** The user has no score in the contest (NOT_FOUND). */
public final class NotFoundException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  NotFoundException(RpcStatus status) {
    super(status);
  }
}
