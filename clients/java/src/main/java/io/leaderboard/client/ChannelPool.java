package io.leaderboard.client;

import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The channel that calls share. It replaces a connection whose server stopped responding. */
final class ChannelPool {
  /** The least time between two forced reconnects, so that many waiting calls cause only one. */
  private static final long RECONNECT_INTERVAL = Duration.ofMillis(200).toNanos();

  /** The time without a response after which a timed-out attempt replaces the connection. */
  private static final long IDLE_TIMEOUT = Duration.ofMillis(3_900).toNanos();

  private final ManagedChannel channel;
  private long lastReconnect = System.nanoTime();
  private long lastResponse = System.nanoTime();

  ChannelPool(ManagedChannel channel) {
    this.channel = channel;
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Connects now. After failed attempts, gRPC alone would wait for up to two minutes. */
  synchronized void reconnect() {
    long now = System.nanoTime();
    if (now - lastReconnect > RECONNECT_INTERVAL) {
      lastReconnect = now;
      channel.resetConnectBackoff();
    }
  }

  /** Records a response of the server, or an error that shows that there is no server. */
  synchronized void observeResponse() {
    lastResponse = System.nanoTime();
  }

  /**
   * Records an attempt that timed out. If the connection was idle for too long, its other end may
   * be gone without notice: later calls get a new connection, calls in flight stay on the old one.
   */
  synchronized void observeTimeout() {
    long now = System.nanoTime();
    if (now - lastResponse >= IDLE_TIMEOUT) {
      lastResponse = now;
      channel.enterIdle();
    }
  }

  /** Cancels all calls in flight, and waits up to 2 s until the connection is closed. */
  void close() {
    channel.shutdownNow();
    try {
      channel.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
