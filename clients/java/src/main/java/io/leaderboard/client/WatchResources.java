package io.leaderboard.client;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;

/**
 * What the watches of one client share.
 *
 * @param channels makes a connection for each stream
 * @param executor runs what the subscribers do
 * @param timer wakes them
 * @param live the watches that have not ended; safe for threads
 * @param silence the time without a message after which a connection is dead
 */
record WatchResources(
    ChannelPool channels,
    ExecutorService executor,
    ScheduledExecutorService timer,
    Set<WatchSubscription> live,
    Duration silence) {
  /** The service promises a message in 18 s, news or not. */
  static final Duration SILENCE = Duration.ofSeconds(30);
}
