package io.leaderboard.client;

import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;

/** The bounds of a {@link ScoreBuffer}. Made by {@link #builder}. */
public final class ScoreBufferOptions {
  private final int maxPending;
  private final int batchSize;
  private final Duration linger;
  private final Duration giveUpAfter;
  private final BiConsumer<ScoreUpdate, LeaderboardException> onError;

  private ScoreBufferOptions(Builder builder) {
    this.maxPending = builder.maxPending;
    this.batchSize = builder.batchSize;
    this.linger = builder.linger;
    this.giveUpAfter = builder.giveUpAfter;
    this.onError = builder.onError;
  }

  /**
   * Begins with the defaults.
   *
   * @return what takes the rest
   */
  public static Builder builder() {
    return new Builder();
  }

  int maxPending() {
    return maxPending;
  }

  int batchSize() {
    return batchSize;
  }

  Duration linger() {
    return linger;
  }

  Duration giveUpAfter() {
    return giveUpAfter;
  }

  BiConsumer<ScoreUpdate, LeaderboardException> onError() {
    return onError;
  }

  /** Takes the bounds, part by part. */
  public static final class Builder {
    private int maxPending = 10_000;
    private int batchSize = 500;
    private Duration linger = Duration.ofMillis(50);
    private Duration giveUpAfter = Duration.ofSeconds(60);
    private BiConsumer<ScoreUpdate, LeaderboardException> onError = ErrorReporter::warn;

    private Builder() {}

    /**
     * Sets how many updates may wait or be under way; one more waits to be added.
     *
     * @param maxPending from 1; 10,000 by default
     * @return this
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxPending(int maxPending) {
      if (maxPending < 1) {
        throw new IllegalArgumentException("maxPending is 1 at least, not " + maxPending);
      }
      this.maxPending = maxPending;
      return this;
    }

    /**
     * Sets how many updates go together at most.
     *
     * @param batchSize from 1 to 1,000; 500 by default
     * @return this
     * @throws IllegalArgumentException if it is out of that range
     */
    public Builder batchSize(int batchSize) {
      if (batchSize < 1 || batchSize > 1000) {
        throw new IllegalArgumentException("batchSize is 1 to 1,000, not " + batchSize);
      }
      this.batchSize = batchSize;
      return this;
    }

    /**
     * Sets how long a batch that is not full waits for more.
     *
     * @param linger from 0; 50 ms by default
     * @return this
     * @throws IllegalArgumentException if it is less
     */
    public Builder linger(Duration linger) {
      if (linger.isNegative()) {
        throw new IllegalArgumentException("linger is 0 at least, not " + linger);
      }
      this.linger = linger;
      return this;
    }

    /**
     * Sets how long an update is tried that the service can't take now. An attempt has no more time
     * than its oldest update has left, and never more than the client's calls have.
     *
     * @param giveUpAfter the time since it was added, more than 0; 60 s by default
     * @return this
     * @throws IllegalArgumentException if it is 0 or less
     */
    public Builder giveUpAfter(Duration giveUpAfter) {
      if (giveUpAfter.isZero() || giveUpAfter.isNegative()) {
        throw new IllegalArgumentException("giveUpAfter is more than 0, not " + giveUpAfter);
      }
      this.giveUpAfter = giveUpAfter;
      return this;
    }

    /**
     * Hears of updates that were refused for good or given up. It is called on the thread of the
     * buffer, which sends nothing meanwhile: it must not flush or close the buffer. What it throws
     * goes to the thread's handler of uncaught exceptions; an {@link Error} ends the buffer.
     *
     * @param onError takes the update and why; by default it is logged as a warning of {@code
     *     io.leaderboard.client.ScoreBuffer}
     * @return this
     */
    public Builder onError(BiConsumer<ScoreUpdate, LeaderboardException> onError) {
      this.onError = Objects.requireNonNull(onError, "onError");
      return this;
    }

    /**
     * Returns the options.
     *
     * @return the options
     */
    public ScoreBufferOptions build() {
      return new ScoreBufferOptions(this);
    }
  }
}
