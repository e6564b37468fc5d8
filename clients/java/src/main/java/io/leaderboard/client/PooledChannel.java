package io.leaderboard.client;

import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The channel that calls share. It does not wait long for a server to come back. */
final class PooledChannel {
  /** The least time between two attempts to connect, so that many waiting calls make one. */
  private static final long EAGERNESS = Duration.ofMillis(200).toNanos();

  /** How long a connection may be silent before an attempt without an answer ends it. */
  private static final long SILENCE = Duration.ofMillis(3_900).toNanos();

  private final ManagedChannel channel;
  private long hurried = System.nanoTime();
  private long heard = System.nanoTime();

  PooledChannel(ManagedChannel channel) {
    this.channel = channel;
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Connects now: left to itself a channel waits up to two minutes after failed attempts. */
  synchronized void hurry() {
    long now = System.nanoTime();
    if (now - hurried > EAGERNESS) {
      hurried = now;
      channel.resetConnectBackoff();
    }
  }

  /** Takes note that the server, or the lack of one, was noticed. */
  synchronized void heard() {
    heard = System.nanoTime();
  }

  /**
   * Takes note of an attempt without an answer. After a silence, calls to come get a new connection:
   * the other end of this one may have gone without a word. Those under way stay on it.
   */
  synchronized void unanswered() {
    long now = System.nanoTime();
    if (now - heard >= SILENCE) {
      heard = now;
      channel.enterIdle();
    }
  }

  /** Ends all that is under way, and waits a moment until the connection is closed. */
  void close() {
    channel.shutdownNow();
    try {
      channel.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
