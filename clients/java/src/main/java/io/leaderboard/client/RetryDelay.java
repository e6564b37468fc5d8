package io.leaderboard.client;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;

/** How long to wait before a failed attempt is made again. */
final class RetryDelay {
  private static final double FIRST = 0.2;
  private static final double LONGEST = 5.0;

  private RetryDelay() {}

  /** Returns the delay with a random spread; see the other one. */
  static Duration after(int failures, Optional<Duration> asked) {
    return after(failures, asked, ThreadLocalRandom.current()::nextDouble);
  }

  /**
   * Returns the time to wait after a failed attempt.
   *
   * <p>It doubles with each attempt and is never less than what the server asked for, both up to
   * 5 s. It is spread at random over a factor of two, also where the server asked, so that many
   * clients don't return together.
   *
   * @param failures how many attempts failed before this one, from 0
   * @param asked the time that the server asked to wait, if it did
   * @param randomness gives numbers from 0 to 1
   */
  static Duration after(int failures, Optional<Duration> asked, DoubleSupplier randomness) {
    double grown = Math.min(FIRST * Math.pow(2, Math.min(failures, 10)), LONGEST);
    double wanted = asked.map(time -> TimeUnit.NANOSECONDS.convert(time) / 1e9).orElse(0.0);
    double least = Math.max(grown / 2, Math.min(wanted, LONGEST));
    return Duration.ofNanos((long) (least * (1 + randomness.getAsDouble()) * 1e9));
  }
}
