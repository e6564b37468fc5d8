package io.leaderboard.client;

import static io.leaderboard.client.WatchMessages.change;
import static io.leaderboard.client.WatchMessages.changes;
import static io.leaderboard.client.WatchMessages.end;
import static io.leaderboard.client.WatchMessages.snapshot;
import static io.leaderboard.client.WatchMessages.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.WatchContestResponse;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A subscription publishes as many updates as its subscriber requests. */
@Timeout(30)
class WatchSubscriptionTest extends WithFakeService {
  private static final WatchContestResponse FIRST = snapshot(7, 1, user("ada", 5, 1));

  /** A subscriber gets as many updates as it requests, and no more. */
  @Test
  void demandLimitsUpdates() throws InterruptedException {
    scriptWatch(
        FIRST,
        changes(7, 8, 1, change(user("ada", 6, 1), 1, 1)),
        end(8, EndReason.END_REASON_CONTEST_OVER));
    ManualSubscriber subscriber = new ManualSubscriber();
    client.watchContest("chess").subscribe(subscriber);

    subscriber.subscription.join().request(2);
    subscriber.take();
    subscriber.take();

    assertEquals(null, subscriber.updates.poll(200, TimeUnit.MILLISECONDS));
    subscriber.subscription.join().request(Long.MAX_VALUE);
    assertEquals(WatchState.LIVE, subscriber.take().state());
    assertEquals(WatchState.OVER, subscriber.take().state());
    subscriber.ended.join();
  }

  /** A request for 0 updates is an error of the subscriber. */
  @Test
  void demandMustBePositive() {
    ManualSubscriber subscriber = new ManualSubscriber();
    client.watchContest("chess").subscribe(subscriber);

    subscriber.subscription.join().request(0);

    assertInstanceOf(IllegalArgumentException.class, failure(subscriber.ended));
  }

  /** Cancelling ends the stream at the server too, and the subscriber is not called any more. */
  @Test
  void cancellationEndsTheStream() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    fake.watches.add(
        observer -> {
          Context.current().addListener(context -> ended.countDown(), Runnable::run);
          observer.onNext(FIRST);
        });
    ManualSubscriber subscriber = new ManualSubscriber();
    client.watchContest("chess").subscribe(subscriber);
    subscriber.subscription.join().request(10);
    subscriber.take();
    subscriber.take();

    subscriber.subscription.join().cancel();

    assertTrue(ended.await(10, TimeUnit.SECONDS));
    assertFalse(subscriber.ended.isDone());
    assertEquals(1, fake.watchRequests.size());
  }

  /** A subscriber whose test requests the updates. */
  private static final class ManualSubscriber implements Flow.Subscriber<WatchUpdate> {
    final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    final BlockingQueue<WatchUpdate> updates = new LinkedBlockingQueue<>();
    final CompletableFuture<Void> ended = new CompletableFuture<>();

    WatchUpdate take() throws InterruptedException {
      return updates.take();
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      this.subscription.complete(subscription);
    }

    @Override
    public void onNext(WatchUpdate update) {
      updates.add(update);
    }

    @Override
    public void onError(Throwable error) {
      ended.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      ended.complete(null);
    }
  }
}
