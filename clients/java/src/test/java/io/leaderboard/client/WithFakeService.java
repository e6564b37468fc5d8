package io.leaderboard.client;

import io.leaderboard.v1.WatchContestResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;

/** The base of tests that run a client against a {@link FakeService}. */
abstract class WithFakeService {
  FakeService fake;
  LeaderboardClient client;

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

  /** Scripts the next watch: its stream sends messages and stays open. */
  void scriptWatch(WatchContestResponse... messages) {
    fake.watches.add(observer -> List.of(messages).forEach(observer::onNext));
  }

  /** Watches a contest until it is over, and returns all updates. */
  static List<WatchUpdate> updatesOf(ContestWatch watch) {
    List<WatchUpdate> updates = new CopyOnWriteArrayList<>();
    watch.consume(updates::add).join();
    return updates;
  }

  static List<WatchState> states(List<WatchUpdate> updates) {
    return updates.stream().map(WatchUpdate::state).toList();
  }

  /** Returns the revisions after which the streams of a watch resumed; 0 for a snapshot. */
  List<Long> resumedAfter() {
    return fake.watchRequests.stream()
        .map(request -> request.getResumeAfter().getRevision())
        .toList();
  }

  /** Returns resources of watches with another timer or idle timeout than the client's. */
  ContestWatch.Resources resources(ScheduledExecutorService timer, Duration idleTimeout) {
    ExecutorService executor = ClientThreads.executor();
    return new ContestWatch.Resources(
        new ChannelFactory(fake.address(), ClientOptions.builder().build(), executor),
        executor,
        timer,
        ConcurrentHashMap.newKeySet(),
        idleTimeout,
        () -> false);
  }

  /** Waits until a future fails, and returns its error. */
  static Throwable failure(CompletableFuture<?> future) {
    return Assertions.assertThrows(CompletionException.class, future::join).getCause();
  }

  /** Waits until a call or watch fails, and returns its error. */
  static LeaderboardException errorOf(CompletableFuture<?> future) {
    return Assertions.assertInstanceOf(LeaderboardException.class, failure(future));
  }
}
