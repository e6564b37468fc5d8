package io.leaderboard.client;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The channel that calls to one server share. It replaces a connection whose server stopped
 * responding. Thread-safe.
 */
final class PooledChannel {
  /** How soon a server can take a call, best first. */
  enum Readiness {
    CONNECTED,
    CONNECTING,
    FAILING,
    DRAINING
  }

  /** The least time between two forced reconnects, so that many waiting calls cause only one. */
  private static final long RECONNECT_INTERVAL = Duration.ofMillis(200).toNanos();

  /** The longest time until the next attempt to connect; gRPC alone would wait up to 2 minutes. */
  private static final long LONGEST_BACKOFF = Duration.ofSeconds(2).toNanos();

  /** Over the servers of a name, attempts without a response that are further apart don't add up. */
  private static final long RARE_AFTER = Duration.ofSeconds(10).toNanos();

  /** The time without a response, while calls wait, after which a connection is replaced. */
  private static final long IDLE_TIMEOUT = Duration.ofMillis(3_900).toNanos();

  private final ManagedChannel channel;
  private final boolean isName;
  private final LongSupplier nanoTime;
  private long lastReconnect;
  private boolean draining;
  private int inFlight;

  /** The time without a response, while calls waited, until {@code waitingSince}. */
  private long waited;

  private long waitingSince;

  /** The time of the attempts without a response, over the servers of a name. */
  private long unanswered;

  /** When the last of them ended; empty before the first one. */
  private OptionalLong unansweredUntil = OptionalLong.empty();

  /**
   * Creates the state of a channel.
   *
   * @param isName whether the servers of a name share the channel: then responses of one say nothing
   *     about another
   */
  PooledChannel(ManagedChannel channel, boolean isName, LongSupplier nanoTime) {
    this.channel = channel;
    this.isName = isName;
    this.nanoTime = nanoTime;
    this.lastReconnect = nanoTime.getAsLong();
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Returns how soon the server can take a call, and connects to it if it is not connected. */
  synchronized Readiness readiness() {
    ConnectivityState state = channel.getState(true);
    // Until there is a new connection, it is to the server that drains.
    draining = draining && state == ConnectivityState.READY;
    if (state == ConnectivityState.TRANSIENT_FAILURE) {
      reconnectAfter(LONGEST_BACKOFF);
      return Readiness.FAILING;
    }
    if (state == ConnectivityState.READY) {
      return draining ? Readiness.DRAINING : Readiness.CONNECTED;
    }
    return Readiness.CONNECTING;
  }

  /** Connects now, if the last attempt to connect failed. */
  synchronized void reconnect() {
    reconnectAfter(RECONNECT_INTERVAL);
  }

  /** Records that an attempt begins, and returns when. */
  synchronized long begin() {
    countWaiting(1);
    return waitingSince;
  }

  /** Records that an attempt ended with a response, or an error that shows that there is no server. */
  synchronized void endAnswered() {
    countWaiting(-1);
    waited = 0;
  }

  /**
   * Records that an attempt ended without any answer. If calls waited too long for one, the other
   * end of the connection may be gone without notice: later calls get a new connection, calls in
   * flight stay on the old one.
   *
   * @param began when the attempt began
   */
  synchronized void endUnanswered(long began) {
    countWaiting(-1);
    if (idle(began) >= IDLE_TIMEOUT) {
      waited = 0;
      unanswered = 0;
      channel.enterIdle();
    }
  }

  /** Returns the time without a response, after an attempt without one. */
  private long idle(long began) {
    if (!isName) {
      return waited;
    }
    long sinceLast = began - unansweredUntil.orElse(began);
    if (sinceLast > RARE_AFTER) {
      unanswered = 0;
    }
    long duration = waitingSince - began;
    unanswered += duration + Math.min(sinceLast, 0);
    unansweredUntil = OptionalLong.of(waitingSince);
    return Math.max(unanswered, duration);
  }

  /** Records that the server refused a call because it shuts down. */
  synchronized void observeDraining() {
    draining = true;
  }

  private void reconnectAfter(long interval) {
    long now = nanoTime.getAsLong();
    if (now - lastReconnect > interval) {
      lastReconnect = now;
      channel.resetConnectBackoff();
    }
  }

  private void countWaiting(int change) {
    long now = nanoTime.getAsLong();
    waited += inFlight > 0 ? now - waitingSince : 0;
    waitingSince = now;
    inFlight += change;
  }

  /** Cancels all calls in flight. */
  void shutdown() {
    channel.shutdownNow();
  }

  /** Waits up to 2 s until the connection is closed. */
  void awaitTermination() throws InterruptedException {
    channel.awaitTermination(2, TimeUnit.SECONDS);
  }
}
