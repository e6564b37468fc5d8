package io.leaderboard.client;

import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;

/** The options of a {@link ScoreBuffer}. Made by {@link #builder}. */
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
   * Returns a builder with the defaults.
   *
   * @return the builder
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

  /** A builder of {@link ScoreBufferOptions}. */
  public static final class Builder {
    private int maxPending = 10_000;
    private int batchSize = 500;
    private Duration linger = Duration.ofMillis(50);
    private Duration giveUpAfter = Duration.ofSeconds(60);
    private BiConsumer<ScoreUpdate, LeaderboardException> onError = ErrorReporter::log;

    private Builder() {}

    /**
     * Sets how many updates may be queued or in flight; at this limit {@code add} waits.
     *
     * @param maxPending from 1; 10,000 by default
     * @return this
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxPending(int maxPending) {
      if (maxPending < 1) {
        throw new IllegalArgumentException("maxPending must be at least 1, not " + maxPending);
      }
      this.maxPending = maxPending;
      return this;
    }

    /**
     * Sets the largest number of updates in a batch.
     *
     * @param batchSize from 1 to 1,000; 500 by default
     * @return this
     * @throws IllegalArgumentException if it is out of that range
     */
    public Builder batchSize(int batchSize) {
      if (batchSize < 1 || batchSize > 1000) {
        throw new IllegalArgumentException("batchSize must be 1 to 1,000, not " + batchSize);
      }
      this.batchSize = batchSize;
      return this;
    }

    /**
     * Sets how long a batch that is not full waits for more updates.
     *
     * @param linger from 0; 50 ms by default
     * @return this
     * @throws IllegalArgumentException if it is less
     */
    public Builder linger(Duration linger) {
      if (linger.isNegative()) {
        throw new IllegalArgumentException("linger must be at least 0, not " + linger);
      }
      this.linger = linger;
      return this;
    }

    /**
     * Sets how long an update is retried. The timeout of an attempt is the time that its oldest
     * update has left, at least 1 s, and at most the client's timeout.
     *
     * @param giveUpAfter the time since the update was added, more than 0; 60 s by default
     * @return this
     * @throws IllegalArgumentException if it is 0 or less
     */
    public Builder giveUpAfter(Duration giveUpAfter) {
      if (giveUpAfter.isZero() || giveUpAfter.isNegative()) {
        throw new IllegalArgumentException("giveUpAfter must be more than 0, not " + giveUpAfter);
      }
      this.giveUpAfter = giveUpAfter;
      return this;
    }

    /**
     * Sets the callback for updates that were refused or given up. It runs on the buffer's thread,
     * which sends nothing meanwhile: it must not flush or close the buffer. Its exceptions go to
     * the uncaught exception handler; an {@link Error} makes the buffer fail.
     *
     * @param onError receives the update and its error; by default it logs a warning of {@code
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
