package io.leaderboard.client;

import static io.leaderboard.client.WatchMessages.change;
import static io.leaderboard.client.WatchMessages.changes;
import static io.leaderboard.client.WatchMessages.end;
import static io.leaderboard.client.WatchMessages.snapshot;
import static io.leaderboard.client.WatchMessages.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Status;
import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.WatchContestResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever fails around a watch, it heals or ends, and its end is told. */
@Timeout(30)
class WatchFailuresTest {
  private static final WatchContestResponse FIRST = snapshot(7, 1, user("ada", 5, 1));
  private static final WatchContestResponse OVER = end(7, EndReason.END_REASON_CONTEST_OVER);

  private final CountDownLatch streamEnded = new CountDownLatch(1);
  private FakeService fake;
  private LeaderboardClient client;

  @BeforeEach
  void open() throws IOException {
    fake = new FakeService();
    client = LeaderboardClient.of(fake.address());
  }

  @AfterEach
  void close() {
    client.close();
    fake.close();
  }

  /** An Error of the consumer's ends the watch: the future fails with it, and the stream ends. */
  @Test
  void errorsOfTheConsumerEndTheWatch() throws InterruptedException {
    tellAndNoteTheEnd(FIRST);
    AssertionError thrown = new AssertionError("the consumer's");

    CompletableFuture<Void> done =
        client
            .watchContest("chess")
            .consume(
                update -> {
                  if (update.state() == WatchState.LIVE) {
                    throw thrown;
                  }
                });

    assertSame(thrown, assertThrows(CompletionException.class, done::join).getCause());
    assertTrue(streamEnded.await(10, TimeUnit.SECONDS));
  }

  /** A subscriber that throws gets no more, its stream ends, and its thread's handler hears. */
  @Test
  void errorsOfTheSubscriberEndTheStream() throws Exception {
    tellAndNoteTheEnd(FIRST, FIRST);
    Throwing subscriber = new Throwing();
    try (UncaughtErrors uncaught = new UncaughtErrors()) {
      client.watchContest("chess").subscribe(subscriber);

      assertSame(subscriber.thrown, uncaught.next());
    }
    assertTrue(streamEnded.await(10, TimeUnit.SECONDS));
    assertEquals(List.of(WatchState.CONNECTING, WatchState.LIVE), subscriber.states);
  }

  /** A message that can't be read is told as trouble, and the next stream begins anew. */
  @Test
  void brokenMessagesBeginAnew() {
    tell(FIRST, changes(7, 8, change(user("bob", 3, 0), 1, 1)));
    tell(FIRST, OVER);
    List<WatchUpdate> updates = new CopyOnWriteArrayList<>();

    client.watchContest("chess").consume(updates::add).join();

    assertEquals(
        List.of(
            WatchState.CONNECTING,
            WatchState.LIVE,
            WatchState.RECONNECTING,
            WatchState.LIVE,
            WatchState.OVER),
        updates.stream().map(WatchUpdate::state).toList());
    assertInstanceOf(MissedChangesException.class, updates.get(2).trouble().orElseThrow());
    assertEquals("ada", updates.get(2).rows().get(0).userId());
    assertEquals(0, fake.askedWatches.get(1).getResumeAfter().getRevision());
  }

  /** A token that fails is a failed attempt: it is told as trouble, and asked for again. */
  @Test
  void failingTokensAreAskedAgain() {
    tell(FIRST, OVER);
    AtomicInteger asked = new AtomicInteger();
    ClientOptions options =
        ClientOptions.builder()
            .token(
                () -> {
                  if (asked.incrementAndGet() == 1) {
                    throw new AssertionError("no token yet");
                  }
                  return "secret";
                })
            .build();
    List<WatchUpdate> updates = new CopyOnWriteArrayList<>();
    try (LeaderboardClient bearer = LeaderboardClient.of(fake.address(), options)) {
      bearer.watchContest("chess").consume(updates::add).join();
    }

    assertEquals(
        Status.Code.UNAUTHENTICATED, updates.get(1).trouble().orElseThrow().code());
    assertEquals(WatchState.OVER, updates.get(3).state());
    assertEquals(2, asked.get());
  }

  /** A defect of the client's own ends the watch with it. */
  @Test
  void defectsEndTheWatch() {
    ExecutorService executor = ClientThreads.executor();
    WatchResources broken =
        new WatchResources(
            new ChannelPool(fake.address(), ClientOptions.builder().build(), executor),
            executor,
            null,
            ConcurrentHashMap.newKeySet(),
            WatchResources.SILENCE);
    tell(FIRST);

    CompletableFuture<Void> done =
        new ContestWatch(WatchOptions.builder("chess").build(), broken, () -> false)
            .consume(update -> {});

    Throwable error = assertThrows(CompletionException.class, done::join).getCause();
    assertInstanceOf(NullPointerException.class, error);
    assertTrue(broken.live().isEmpty());
  }

  /** A service that does not know the token ends the watch. */
  @Test
  void unknownTokensEndTheWatch() {
    fake.watches.add(
        observer -> observer.onError(Status.UNAUTHENTICATED.asRuntimeException()));

    CompletableFuture<Void> done = client.watchContest("chess").consume(update -> {});

    Throwable error = assertThrows(CompletionException.class, done::join).getCause();
    assertEquals(
        Status.Code.UNAUTHENTICATED, assertInstanceOf(LeaderboardException.class, error).code());
  }

  private void tell(WatchContestResponse... messages) {
    fake.watches.add(observer -> List.of(messages).forEach(observer::onNext));
  }

  private void tellAndNoteTheEnd(WatchContestResponse... messages) {
    fake.watches.add(
        observer -> {
          Context.current().addListener(context -> streamEnded.countDown(), Runnable::run);
          List.of(messages).forEach(observer::onNext);
        });
  }

  /** A subscriber that throws when it sees the board. */
  private static final class Throwing implements Flow.Subscriber<WatchUpdate> {
    final AssertionError thrown = new AssertionError("the subscriber's");
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
