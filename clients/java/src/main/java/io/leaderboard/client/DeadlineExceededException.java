package io.leaderboard.client;

/** The call got no answer in its time (DEADLINE_EXCEEDED). A write may have been applied. */
public final class DeadlineExceededException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  DeadlineExceededException(RpcStatus refusal) {
    super(refusal);
  }
}
