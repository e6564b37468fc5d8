package io.leaderboard.client;

/**
 * The state of the contest does not allow the call (FAILED_PRECONDITION). The reason says why: the
 * contest is not open, and the metadata hold its state and when it opens or when it closed; the
 * season is not the current one, which the metadata hold; no server can reach the requested position, and the metadata hold the current one; or a rule would
 * reorder a board that has scores, and the metadata name the rule. Nothing was written.
 */
public final class FailedPreconditionException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  FailedPreconditionException(RpcStatus status) {
    super(status);
  }
}
