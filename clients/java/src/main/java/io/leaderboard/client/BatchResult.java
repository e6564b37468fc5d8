package io.leaderboard.client;

/** The result of one update of a batch. */
public sealed interface BatchResult {
  /**
   * The service accepted the update.
   *
   * @param result the result
   */
  record Success(UpdateResult result) implements BatchResult {}

  /**
   * The update failed. It wrote nothing, or (UNAVAILABLE) may have written nothing.
   *
   * @param error the error that a call with only this update would fail with
   */
  record Failure(LeaderboardException error) implements BatchResult {}

  /**
   * Returns the result of a successful update.
   *
   * @return the result
   * @throws LeaderboardException if the update failed
   */
  default UpdateResult orThrow() {
    if (this instanceof Success success) {
      return success.result();
    }
    throw ((Failure) this).error();
  }
}
