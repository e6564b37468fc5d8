package io.leaderboard.client;

/** The outcome of one update of a batch: it was taken, or there is a reason why not. */
public sealed interface BatchOutcome {
  /**
   * The update was taken.
   *
   * @param result what it led to
   */
  record Taken(UpdateResult result) implements BatchOutcome {}

  /**
   * The update was refused and wrote nothing, or (unavailable) may be unwritten.
   *
   * @param error why; the same as a call with this update alone would fail with
   */
  record Refused(LeaderboardException error) implements BatchOutcome {}

  /**
   * Returns what the update led to.
   *
   * @return the result
   * @throws LeaderboardException if the update was refused
   */
  default UpdateResult orThrow() {
    if (this instanceof Taken taken) {
      return taken.result();
    }
    throw ((Refused) this).error();
  }
}
