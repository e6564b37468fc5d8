package io.leaderboard.client;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;

/** Computes the delay before a retry: exponential back-off with jitter. */
final class RetryDelay {
  private static final double FIRST = 0.2;
  private static final double LONGEST = 5.0;

  private RetryDelay() {}

  /** Returns the delay with random jitter. */
  static Duration after(int failures, Optional<Duration> retryAfter) {
    return after(failures, retryAfter, ThreadLocalRandom.current()::nextDouble);
  }

  /**
   * Returns the delay after a failed attempt.
   *
   * <p>It doubles with each attempt and is at least what the server asked for, both up to 5 s. A
   * random factor from 1 to 2 spreads the retries of many clients, also where the server asked.
   *
   * @param failures how many attempts failed before this one, from 0
   * @param retryAfter the delay that the server asked for, if any
   * @param randomness returns numbers from 0 to 1
   */
  static Duration after(int failures, Optional<Duration> retryAfter, DoubleSupplier randomness) {
    double backoff = Math.min(FIRST * Math.pow(2, Math.min(failures, 10)), LONGEST);
    double asked = retryAfter.map(time -> TimeUnit.NANOSECONDS.convert(time) / 1e9).orElse(0.0);
    double least = Math.max(backoff / 2, Math.min(asked, LONGEST));
    return Duration.ofNanos((long) (least * (1 + randomness.getAsDouble()) * 1e9));
  }
}
