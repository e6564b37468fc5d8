package io.leaderboard.client;

/**
 * A field is missing, malformed or out of its range (INVALID_ARGUMENT); the violations name it.
 * Nothing was written.
 */
public final class InvalidRequestException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  InvalidRequestException(RpcStatus status) {
    super(status);
  }
}
