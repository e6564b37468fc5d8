package io.leaderboard.client;

import java.util.Optional;

/** An update that a buffer has taken and that is not done. */
final class PendingUpdate {
  private final long number;
  private final ScoreUpdate update;
  private final long time;
  private final long added = System.nanoTime();
  private Optional<LeaderboardException> trouble = Optional.empty();

  /**
   * Takes an update.
   *
   * @param number the place in the order in which updates were added, from 1
   * @param update what to send; it has a request id
   * @param time the nanoseconds after which it is given up
   */
  PendingUpdate(long number, ScoreUpdate update, long time) {
    this.number = number;
    this.update = update;
    this.time = time;
  }

  long number() {
    return number;
  }

  ScoreUpdate update() {
    return update;
  }

  /** Returns the nanoseconds since it was added. */
  long age() {
    return System.nanoTime() - added;
  }

  /** Returns the nanoseconds until it is given up; 0 or less when they have passed. */
  long left() {
    return time - age();
  }

  /** Notes why the last attempt to send it failed. */
  void fail(LeaderboardException why) {
    trouble = Optional.of(why);
  }

  /** Returns why the last attempt to send it failed, if there was one. */
  Optional<LeaderboardException> trouble() {
    return trouble;
  }
}
