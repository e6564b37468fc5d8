package io.leaderboard.client;

/** The contest exists with other settings (ALREADY_EXISTS). Nothing was written. */
public final class AlreadyExistsException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  AlreadyExistsException(RpcStatus status) {
    super(status);
  }
}
