package io.leaderboard.client;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Watches a contest until it is over, anew for each subscriber, and publishes its whole board
 * whenever something is told.
 *
 * <p>A lost connection, a silent one, a server that drains and an unavailable service heal by
 * themselves: the watch reconnects, for as long as it takes, and resumes where it was, so that no
 * change is missed or told twice. In the meantime the updates have the last board and say that the
 * watch is reconnecting; one comes with each failed attempt. The first update comes before anything
 * was told and has no board.
 *
 * <p>A subscriber gets no more updates than it asked for, one at a time. One that asks for none
 * holds up nothing but its own stream. Where the service refuses the watch for good, it ends with a
 * {@link LeaderboardException}, and with a {@link java.util.concurrent.CancellationException} when
 * the client is closed.
 */
public final class ContestWatch implements Flow.Publisher<WatchUpdate> {
  private final WatchOptions options;
  private final WatchResources environment;
  private final BooleanSupplier closed;

  ContestWatch(WatchOptions options, WatchResources environment, BooleanSupplier closed) {
    this.options = options;
    this.environment = environment;
    this.closed = closed;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super WatchUpdate> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    WatchSubscription subscription = new WatchSubscription(subscriber, options, environment);
    environment.live().add(subscription);
    subscription.start();
    if (closed.getAsBoolean()) {
      subscription.abort(LeaderboardClient.closedError());
    }
  }

  /**
   * Hands each update to a consumer, one after the other.
   *
   * @param consumer takes an update; the next one waits for it. What it throws ends the watch.
   * @return a future that is done when the contest is over, fails with what ends the watch, and
   *     ends it when it is cancelled
   */
  public CompletableFuture<Void> consume(Consumer<? super WatchUpdate> consumer) {
    ConsumingSubscriber subscriber = new ConsumingSubscriber(consumer);
    subscribe(subscriber);
    return subscriber.done();
  }
}
