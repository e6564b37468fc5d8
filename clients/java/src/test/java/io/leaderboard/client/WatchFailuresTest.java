package io.leaderboard.client;

import static io.leaderboard.client.WatchMessages.change;
import static io.leaderboard.client.WatchMessages.changes;
import static io.leaderboard.client.WatchMessages.end;
import static io.leaderboard.client.WatchMessages.snapshot;
import static io.leaderboard.client.WatchMessages.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Status;
import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.WatchContestResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Failures around a watch are recovered from, or end the watch with the error. */
@Timeout(30)
class WatchFailuresTest extends WithFakeService {
  private static final WatchContestResponse FIRST = snapshot(7, 1, user("ada", 5, 1));
  private static final WatchContestResponse OVER = end(7, EndReason.END_REASON_CONTEST_OVER);

  private final CountDownLatch streamEnded = new CountDownLatch(1);
  /** An Error of the consumer ends the watch: the future fails with it, and the stream ends. */
  @Test
  void consumerErrorEndsTheWatch() throws InterruptedException {
    scriptObservedWatch(FIRST);
    AssertionError thrown = new AssertionError("thrown by the consumer");

    CompletableFuture<Void> done =
        client
            .watchContest("chess")
            .consume(
                update -> {
                  if (update.state() == WatchState.LIVE) {
                    throw thrown;
                  }
                });

    assertSame(thrown, failure(done));
    assertTrue(streamEnded.await(10, TimeUnit.SECONDS));
  }

  /**
   * An exception of the subscriber goes to the uncaught exception handler, and the stream ends. The
   * subscriber is not called any more.
   */
  @Test
  void subscriberErrorEndsTheStream() throws Exception {
    scriptObservedWatch(FIRST, FIRST);
    ThrowingSubscriber subscriber = new ThrowingSubscriber();
    try (UncaughtErrors uncaught = new UncaughtErrors()) {
      client.watchContest("chess").subscribe(subscriber);

      assertSame(subscriber.thrown, uncaught.next());
    }
    assertTrue(streamEnded.await(10, TimeUnit.SECONDS));
    assertEquals(List.of(WatchState.CONNECTING, WatchState.LIVE), subscriber.states);
  }

  /** A malformed message is published as trouble, and the next stream starts with a snapshot. */
  @Test
  void malformedMessageRestartsWithSnapshot() {
    scriptWatch(FIRST, changes(7, 8, 1, change(user("bob", 3, 0), 1, 1)));
    scriptWatch(FIRST, OVER);

    List<WatchUpdate> updates = updatesOf(client.watchContest("chess"));

    assertEquals(
        List.of(
            WatchState.CONNECTING,
            WatchState.LIVE,
            WatchState.RECONNECTING,
            WatchState.LIVE,
            WatchState.OVER),
        states(updates));
    assertInstanceOf(MissedChangesException.class, updates.get(2).trouble().orElseThrow());
    assertEquals("ada", updates.get(2).rows().get(0).userId());
    assertEquals(List.of(0L, 0L), resumedAfter());
  }

  /** A failed token supplier is published as trouble, and called again for the next attempt. */
  @Test
  void failedTokenIsRequestedAgain() {
    scriptWatch(FIRST, OVER);
    AtomicInteger calls = new AtomicInteger();
    ClientOptions options =
        ClientOptions.builder()
            .token(
                () -> {
                  if (calls.incrementAndGet() == 1) {
                    throw new AssertionError("no token yet");
                  }
                  return "secret";
                })
            .build();
    List<WatchUpdate> updates;
    try (LeaderboardClient bearer = LeaderboardClient.of(fake.address(), options)) {
      updates = updatesOf(bearer.watchContest("chess"));
    }

    assertEquals(
        Status.Code.UNAUTHENTICATED, updates.get(1).trouble().orElseThrow().code());
    assertEquals(WatchState.OVER, updates.get(3).state());
    assertEquals(2, calls.get());
  }

  /** A defect of the client ends the watch with its exception. */
  @Test
  void defectEndsTheWatch() {
    ContestWatch.Resources broken = resources(null, Duration.ofSeconds(30));
    scriptWatch(FIRST);

    CompletableFuture<Void> done =
        new ContestWatch(WatchOptions.builder("chess").build(), broken)
            .consume(update -> {});

    assertInstanceOf(NullPointerException.class, failure(done));
    assertTrue(broken.active().isEmpty());
  }

  /** UNAUTHENTICATED from the service ends the watch. */
  @Test
  void rejectedTokenEndsTheWatch() {
    fake.watches.add(
        observer -> observer.onError(Status.UNAUTHENTICATED.asRuntimeException()));

    CompletableFuture<Void> done = client.watchContest("chess").consume(update -> {});

    assertEquals(Status.Code.UNAUTHENTICATED, errorOf(done).code());
  }

  private void scriptObservedWatch(WatchContestResponse... messages) {
    fake.watches.add(
        observer -> {
          Context.current().addListener(context -> streamEnded.countDown(), Runnable::run);
          List.of(messages).forEach(observer::onNext);
        });
  }

  /** A subscriber that throws at the first board. */
  private static final class ThrowingSubscriber implements Flow.Subscriber<WatchUpdate> {
    final AssertionError thrown = new AssertionError("thrown by the subscriber");
    final List<WatchState> states = new CopyOnWriteArrayList<>();

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(WatchUpdate update) {
      states.add(update.state());
      if (update.state() == WatchState.LIVE) {
        throw thrown;
      }
    }

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onComplete() {}
  }
}
