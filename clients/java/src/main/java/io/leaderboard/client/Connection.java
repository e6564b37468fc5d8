package io.leaderboard.client;

import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The channel that calls share. It does not wait long for a server to come back. */
final class Connection {
  /** The least time between two attempts to connect, so that many waiting calls make one. */
  private static final long EAGERNESS = Duration.ofMillis(200).toNanos();

  private final ManagedChannel channel;
  private long hurried = System.nanoTime();
  private long renewed = System.nanoTime();

  Connection(ManagedChannel channel) {
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

  /**
   * Takes a new connection for the calls to come: the other end of this one may have gone without a
   * word. Does nothing if that was done since.
   *
   * @param since when the attempt began that got no answer, as {@link System#nanoTime} says
   */
  synchronized void renew(long since) {
    if (since - renewed >= 0) {
      renewed = System.nanoTime();
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
