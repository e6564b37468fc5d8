package io.leaderboard.client;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Flow;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Publishes the board of a contest whenever it changes. Each subscriber
 * has a watch of its own.
 *
 * <p>The watch survives a lost or silent connection, a draining server and an unavailable service:
 * it reconnects, for as long as it takes, and resumes after its position, so that no change is
 * missed or published twice. Meanwhile the updates have the last board and the state {@link
 * WatchState#RECONNECTING}, one for each failed attempt. The first update has no board yet.
 *
 * <p>A subscriber gets no more updates than it requested, one at a time. Without requests only its
 * own stream waits. The watch completes once
 * the contest is over or deleted. It ends with a {@link LeaderboardException} if the service rejects
 * it, and with a {@link CancelledException} if the client is closed.
 */
public final class ContestWatch implements Flow.Publisher<WatchUpdate> {
  private final WatchOptions options;
  private final Resources resources;

  ContestWatch(WatchOptions options, Resources resources) {
    this.options = options;
    this.resources = resources;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super WatchUpdate> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    WatchSubscription subscription = new WatchSubscription(subscriber, options, resources);
    resources.active().add(subscription);
    subscription.start();
    if (resources.closed().getAsBoolean()) {
      subscription.abort(LeaderboardClient.closedError());
    }
  }

  /**
   * Passes each update to a consumer, one after the other.
   *
   * @param consumer the consumer; the next update waits for it, and an exception ends the watch
   * @return a future that completes when the contest is over or deleted, and fails with the error that
   *     ended the watch; cancelling it ends the watch
   */
  public CompletableFuture<Void> consume(Consumer<? super WatchUpdate> consumer) {
    ConsumingSubscriber subscriber = new ConsumingSubscriber(consumer);
    subscribe(subscriber);
    return subscriber.done;
  }

  /**
   * The resources that the watches of one client share.
   *
   * @param channels opens the channel of each stream
   * @param executor runs the subscribers
   * @param timer schedules reconnects and idle timeouts
   * @param active the thread-safe set of watches that have not ended
   * @param idleTimeout the time without a message after which a connection counts as dead
   * @param closed whether the client is closed
   */
  record Resources(
      ChannelFactory channels,
      ExecutorService executor,
      ScheduledExecutorService timer,
      Set<WatchSubscription> active,
      Duration idleTimeout,
      BooleanSupplier closed) {
    /** Longer than 18 s, within which the service always sends a message. */
    static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);
  }

  /** Passes each update to a consumer, and the end of the watch to a future. */
  private static final class ConsumingSubscriber implements Flow.Subscriber<WatchUpdate> {
    private final Consumer<? super WatchUpdate> consumer;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private Flow.Subscription subscription;

    ConsumingSubscriber(Consumer<? super WatchUpdate> consumer) {
      this.consumer = Objects.requireNonNull(consumer, "consumer");
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      this.subscription = subscription;
      done.whenComplete((nothing, error) -> subscription.cancel());
      subscription.request(1);
    }

    @Override
    public void onNext(WatchUpdate update) {
      try {
        consumer.accept(update);
      } catch (Throwable e) {
        // Errors too: otherwise the future would never complete.
        done.completeExceptionally(e);
        return;
      }
      subscription.request(1);
    }

    @Override
    public void onError(Throwable error) {
      done.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      done.complete(null);
    }
  }
}
