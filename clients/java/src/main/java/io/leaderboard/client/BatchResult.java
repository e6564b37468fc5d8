package io.leaderboard.client;

/** The outcome of one update of a batch: it was taken, or there is a reason why not. */
public sealed interface BatchResult {
  /**
   * The update was taken.
   *
   * @param result what it led to
   */
  record Success(UpdateResult result) implements BatchResult {}

  /**
   * The update was refused and wrote nothing, or (unavailable) may be unwritten.
   *
   * @param error why; the same as a call with this update alone would fail with
   */
  record Failure(LeaderboardException error) implements BatchResult {}

  /**
   * Returns what the update led to.
   *
   * @return the result
   * @throws LeaderboardException if the update was refused
   */
  default UpdateResult orThrow() {
    if (this instanceof Success success) {
      return success.result();
    }
    throw ((Failure) this).error();
  }
}
