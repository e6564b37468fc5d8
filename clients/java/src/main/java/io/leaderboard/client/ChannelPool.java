package io.leaderboard.client;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The channels of a client: one for each server, or one for all servers of a name in DNS. Calls go
 * to each in turn; servers that are not connected, or drain, get none while another one is
 * connected. Thread-safe.
 */
final class ChannelPool {
  private final List<PooledChannel> channels;
  private final int spares;
  private int next;

  /**
   * Creates a pool.
   *
   * @param spares how many other servers are tried at once when one is down
   */
  ChannelPool(List<PooledChannel> channels, int spares) {
    this.channels = channels;
    this.spares = spares;
    this.next = ThreadLocalRandom.current().nextInt(channels.size());
  }

  /**
   * The channel for an attempt.
   *
   * @param isBrief whether the attempt must leave time for another server: this one is not
   *     connected, and there are others
   */
  record Choice(PooledChannel channel, boolean isBrief) {}

  /** Returns the next channel in turn of those that can take a call soonest. */
  synchronized Choice choose() {
    int chosen = next;
    PooledChannel.Readiness best = null;
    for (int i = 0; i < channels.size(); i++) {
      int index = (next + i) % channels.size();
      PooledChannel.Readiness readiness = channels.get(index).readiness();
      if (best == null || readiness.compareTo(best) < 0) {
        chosen = index;
        best = readiness;
      }
    }
    next = (chosen + 1) % channels.size();
    boolean isBrief = best != PooledChannel.Readiness.CONNECTED && channels.size() > 1;
    return new Choice(channels.get(chosen), isBrief);
  }

  int spares() {
    return spares;
  }

  /** Connects now to servers that refused connections. */
  void reconnect() {
    channels.forEach(PooledChannel::reconnect);
  }

  /** Cancels all calls in flight, and waits until the connections are closed. */
  void close() {
    channels.forEach(PooledChannel::shutdown);
    try {
      for (PooledChannel channel : channels) {
        channel.awaitTermination();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
