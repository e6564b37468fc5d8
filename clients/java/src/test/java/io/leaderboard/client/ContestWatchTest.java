package io.leaderboard.client;

import static io.leaderboard.client.WatchMessages.change;
import static io.leaderboard.client.WatchMessages.changes;
import static io.leaderboard.client.WatchMessages.end;
import static io.leaderboard.client.WatchMessages.snapshot;
import static io.leaderboard.client.WatchMessages.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.WatchContestResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A watch heals what can be healed, and tells each subscriber as much as it asks for. */
@Timeout(30)
class ContestWatchTest {
  private static final WatchContestResponse FIRST =
      snapshot(7, 2, user("ada", 5, 1), user("bob", 3, 2));
  private static final WatchContestResponse BOB_WINS =
      changes(7, 8, change(user("bob", 6, 1), 2, 3));
  private static final WatchContestResponse OVER = end(8, EndReason.END_REASON_CONTEST_OVER);

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

  /** Updates have the whole board and what is new, and end when the contest does. */
  @Test
  void boardIsFollowedUntilTheContestIsOver() {
    fake.watches.add(tell(FIRST, BOB_WINS, OVER));

    List<WatchUpdate> updates = watched();

    assertEquals(
        List.of(WatchState.CONNECTING, WatchState.LIVE, WatchState.LIVE, WatchState.OVER),
        states(updates));
    assertEquals("bob", updates.get(2).rows().get(0).userId());
    assertEquals(3, updates.get(2).changes().get(0).points());
    assertEquals(SnapshotReason.INITIAL, updates.get(1).snapshotReason().orElseThrow());
  }

  /** A stream that breaks is told of, and the next one resumes after the board's position. */
  @Test
  void brokenStreamsResume() {
    fake.watches.add(
        tell(FIRST).andThen(observer -> observer.onError(Status.UNKNOWN.asRuntimeException())));
    fake.watches.add(observer -> observer.onError(Statuses.STORE_AWAY));
    fake.watches.add(tell(BOB_WINS, OVER));

    List<WatchUpdate> updates = watched();

    assertEquals(
        List.of(
            WatchState.CONNECTING,
            WatchState.LIVE,
            WatchState.RECONNECTING,
            WatchState.RECONNECTING,
            WatchState.LIVE,
            WatchState.OVER),
        states(updates));
    assertEquals("the store is away", updates.get(3).trouble().orElseThrow().getMessage());
    assertEquals("ada", updates.get(3).rows().get(0).userId());
    assertEquals(List.of(0L, 7L, 7L), resumedAfter());
  }

  /** A stream that falls silent is dropped, and the next one resumes. */
  @Test
  void silenceIsLoss() {
    fake.watches.add(tell(FIRST));
    fake.watches.add(tell(BOB_WINS, OVER));
    ExecutorService executor = ClientThreads.executor();
    WatchResources impatient =
        new WatchResources(
            new ChannelPool(fake.address(), ClientOptions.builder().build(), executor),
            executor,
            ClientThreads.timer(),
            ConcurrentHashMap.newKeySet(),
            Duration.ofSeconds(1));
    List<WatchUpdate> updates = new CopyOnWriteArrayList<>();

    new ContestWatch(WatchOptions.builder("chess").build(), impatient, () -> false)
        .consume(updates::add)
        .join();

    assertEquals(WatchState.RECONNECTING, updates.get(2).state());
    assertInstanceOf(StreamLostException.class, updates.get(2).trouble().orElseThrow());
    assertEquals(List.of(0L, 7L), resumedAfter());
    assertEquals(2, fake.callers.size());
  }

  /** A server that drains ends its stream, and the next one resumes. */
  @Test
  void drainsResume() {
    fake.watches.add(tell(FIRST, end(7, EndReason.END_REASON_DRAINING)));
    fake.watches.add(tell(BOB_WINS, OVER));

    List<WatchUpdate> updates = watched();

    assertEquals(WatchState.RECONNECTING, updates.get(2).state());
    assertEquals(List.of(0L, 7L), resumedAfter());
  }

  /** After a hole the next stream begins anew. */
  @Test
  void holesBeginAnew() {
    fake.watches.add(tell(FIRST, changes(8, 9, change(user("bob", 6, 1), 2, 3))));
    fake.watches.add(tell(snapshot(8, 1, user("bob", 9, 1)), OVER));

    List<WatchUpdate> updates = watched();

    assertInstanceOf(MissedChangesException.class, updates.get(2).trouble().orElseThrow());
    assertEquals(List.of(0L, 0L), resumedAfter());
    assertEquals(9, updates.get(3).rows().get(0).score());
  }

  /** What the service refuses for good ends the watch with that error. */
  @Test
  void refusalsEndTheWatch() {
    fake.watches.add(
        observer ->
            observer.onError(
                Statuses.refusal(
                    Status.Code.INVALID_ARGUMENT,
                    "",
                    Statuses.info("ERROR_REASON_INVALID_FIELD", Map.of()))));

    CompletableFuture<Void> done = client.watchContest("chess").consume(update -> {});

    CompletionException error = assertThrows(CompletionException.class, done::join);
    assertInstanceOf(InvalidRequestException.class, error.getCause());
  }

  /** A subscriber gets as many updates as it asks for, and no more. */
  @Test
  void demandIsHonoured() throws InterruptedException {
    fake.watches.add(tell(FIRST, BOB_WINS, OVER));
    Asking subscriber = new Asking();
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

  /** Asking for nothing is an error of the subscriber's. */
  @Test
  void demandIsMoreThanNothing() {
    Asking subscriber = new Asking();
    client.watchContest("chess").subscribe(subscriber);

    subscriber.subscription.join().request(0);

    CompletionException error =
        assertThrows(CompletionException.class, subscriber.ended::join);
    assertInstanceOf(IllegalArgumentException.class, error.getCause());
  }

  /** Cancelling ends the stream at the server too, and nothing comes any more. */
  @Test
  void cancellationEndsTheStream() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    fake.watches.add(
        observer -> {
          Context.current().addListener(context -> ended.countDown(), Runnable::run);
          tell(FIRST).accept(observer);
        });
    Asking subscriber = new Asking();
    client.watchContest("chess").subscribe(subscriber);
    subscriber.subscription.join().request(10);
    subscriber.take();
    subscriber.take();

    subscriber.subscription.join().cancel();

    assertTrue(ended.await(10, TimeUnit.SECONDS));
    assertFalse(subscriber.ended.isDone());
    assertEquals(1, fake.askedWatches.size());
  }

  /** Closing the client ends its watches. */
  @Test
  void closedClientWatchesNothing() {
    fake.watches.add(tell(FIRST));
    CompletableFuture<Void> done = client.watchContest("chess").consume(update -> {});

    client.close();

    assertThrows(CancellationException.class, done::join);
  }

  private List<WatchUpdate> watched() {
    List<WatchUpdate> updates = new CopyOnWriteArrayList<>();
    client.watchContest("chess").consume(updates::add).join();
    return updates;
  }

  private List<Long> resumedAfter() {
    return fake.askedWatches.stream().map(asked -> asked.getResumeAfter().getRevision()).toList();
  }

  private static List<WatchState> states(List<WatchUpdate> updates) {
    return updates.stream().map(WatchUpdate::state).toList();
  }

  private static Consumer<StreamObserver<WatchContestResponse>> tell(
      WatchContestResponse... messages) {
    return observer -> List.of(messages).forEach(observer::onNext);
  }

  /** A subscriber that asks for nothing by itself. */
  private static final class Asking implements Flow.Subscriber<WatchUpdate> {
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
