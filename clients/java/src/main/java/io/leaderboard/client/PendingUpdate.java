package io.leaderboard.client;

/** An update that a buffer has taken and that is not done. */
final class PendingUpdate {
  private final long number;
  private final ScoreUpdate update;
  private final long added = System.nanoTime();
  private long firstSent;
  private boolean sent;

  /**
   * Takes an update.
   *
   * @param number the place in the order in which updates were added, from 1
   * @param update what to send; it has a request id
   */
  PendingUpdate(long number, ScoreUpdate update) {
    this.number = number;
    this.update = update;
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

  /** Notes that it is sent now. */
  void send() {
    if (!sent) {
      sent = true;
      firstSent = System.nanoTime();
    }
  }

  /** Returns the nanoseconds since it was first sent. */
  long tried() {
    return System.nanoTime() - firstSent;
  }
}
