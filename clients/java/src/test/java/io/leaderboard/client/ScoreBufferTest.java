package io.leaderboard.client;

import static io.leaderboard.client.ScriptedSender.error;
import static io.leaderboard.client.ScriptedSender.outcomes;
import static io.leaderboard.client.ScriptedSender.taken;
import static io.leaderboard.client.ScriptedSender.update;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A buffer sends all it takes, in order and with bounds, and tells of what is refused. */
@Timeout(30)
class ScoreBufferTest {
  private static final LeaderboardException TOO_MUCH =
      error(Statuses.refusal(Status.Code.OUT_OF_RANGE, "too much"));
  private static final LeaderboardException AWAY = error(Statuses.STORE_AWAY);
  private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

  private final ScriptedSender sender = new ScriptedSender();

  /** Closing sends the rest, in batches of the set size, each update with a request id. */
  @Test
  void closeSendsTheRest() throws InterruptedException {
    ScoreBuffer buffer = sender.noting(ScoreBufferOptions.builder().batchSize(2));
    for (int i = 0; i < 5; i++) {
      buffer.add(update("user-" + i));
    }
    buffer.close();

    List<ScoreUpdate> all = sender.sent.stream().flatMap(List::stream).toList();
    assertEquals(
        List.of("user-0", "user-1", "user-2", "user-3", "user-4"),
        all.stream().map(ScoreUpdate::userId).toList());
    assertEquals(5, all.stream().map(ScoreUpdate::requestId).distinct().count());
    assertEquals(5, buffer.acknowledged());
    assertThrows(IllegalStateException.class, () -> buffer.add(update("late")));
    assertTrue(sender.live.isEmpty());
  }

  /** What can't be taken now is sent again with its id; what is refused for good is told of. */
  @Test
  void refusalsAreToldAndTroubleIsRetried() throws InterruptedException {
    sender.script.add(
        outcomes(new BatchResult.Failure(AWAY), new BatchResult.Failure(TOO_MUCH), taken()));
    ScoreBuffer buffer = sender.noting(ScoreBufferOptions.builder());
    for (String user : List.of("ada", "bob", "eve")) {
      buffer.add(update(user));
    }
    buffer.flush();

    assertEquals(2, buffer.acknowledged());
    assertEquals(1, buffer.refused());
    assertEquals(List.of("bob: too much"), sender.refused);
    assertEquals(List.of(sender.sent.get(0).get(0)), sender.sent.get(1));
    buffer.close();
  }

  /** A batch that fails as a whole is sent again until its updates are given up. */
  @Test
  void updatesAreGivenUp() throws InterruptedException {
    awayFor(100);
    ScoreBuffer buffer =
        sender.noting(ScoreBufferOptions.builder().giveUpAfter(Duration.ofSeconds(2)));
    buffer.add(update("ada"));
    buffer.close();

    assertEquals(List.of("ada: the store is away"), sender.refused);
    assertTrue(sender.sent.size() > 1);
  }

  /** An attempt has no more time than its oldest update has left since it was added. */
  @Test
  void attemptsEndInTime() throws InterruptedException {
    awayFor(1);
    Duration all = Duration.ofSeconds(20);
    ScoreBuffer buffer = sender.noting(ScoreBufferOptions.builder().giveUpAfter(all));
    buffer.add(update("ada"));
    buffer.close();

    assertEquals(2, sender.times.size());
    assertTrue(sender.times.get(0).compareTo(all) < 0, sender.times.toString());
    assertTrue(
        sender.times.get(1).compareTo(sender.times.get(0)) < 0, sender.times.toString());
  }

  /** What waits behind a long attempt counts its time too, and may pass it unsent. */
  @Test
  void waitingCountsToo() throws InterruptedException {
    CompletableFuture<List<BatchResult>> held = new CompletableFuture<>();
    sender.script.add(held);
    ScoreBuffer buffer =
        sender.noting(
            ScoreBufferOptions.builder().batchSize(1).giveUpAfter(Duration.ofSeconds(1)));
    buffer.add(update("ada"));
    buffer.add(update("bob"));
    CompletableFuture.delayedExecutor(1500, TimeUnit.MILLISECONDS)
        .execute(() -> held.complete(List.of(taken())));
    buffer.close();

    assertEquals(List.of("bob: its time passed before it was sent"), sender.refused);
    assertEquals(1, buffer.acknowledged());
  }

  /** Who never wants to give up gives the longest time there is. */
  @Test
  void timeMayBeEndless() throws InterruptedException {
    awayFor(1);
    ScoreBuffer buffer =
        sender.noting(ScoreBufferOptions.builder().giveUpAfter(FOREVER).linger(FOREVER));
    buffer.add(update("ada"));
    buffer.flush();

    assertEquals(1, buffer.acknowledged());
    buffer.close();
  }

  /** Bounds in which nothing can be sent are refused. */
  @Test
  void boundsAreChecked() {
    ScoreBufferOptions.Builder options = ScoreBufferOptions.builder();

    assertThrows(IllegalArgumentException.class, () -> options.giveUpAfter(Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> options.linger(Duration.ofNanos(-1)));
    assertThrows(IllegalArgumentException.class, () -> options.maxPending(0));
    assertThrows(IllegalArgumentException.class, () -> options.batchSize(1001));
  }

  /** One update that can't be sent does not take the others with it, wherever it is. */
  @Test
  void tooLargeBatchesAreHalved() throws InterruptedException {
    CompletableFuture<List<BatchResult>> large =
        CompletableFuture.failedFuture(
            error(
                Statuses.refusal(
                    Status.Code.RESOURCE_EXHAUSTED,
                    "too large",
                    Statuses.info("ERROR_REASON_MESSAGE_TOO_LARGE", Map.of()))));
    sender.script.addAll(List.of(large, large));
    ScoreBuffer buffer =
        sender.noting(ScoreBufferOptions.builder().batchSize(3).linger(Duration.ofSeconds(9)));
    for (String user : List.of("ada", "bob", "eve")) {
      buffer.add(update(user));
    }
    buffer.close();

    assertEquals(List.of("ada: too large"), sender.refused);
    assertEquals(List.of(3, 1, 2), sender.sent.stream().map(List::size).toList());
    assertEquals(2, buffer.acknowledged());
  }

  /** One more than may be pending waits until there is room. */
  @Test
  void addWaitsForRoom() throws InterruptedException {
    CompletableFuture<List<BatchResult>> held = new CompletableFuture<>();
    sender.script.add(held);
    ScoreBuffer buffer =
        sender.noting(ScoreBufferOptions.builder().maxPending(1).linger(Duration.ZERO));
    buffer.add(update("ada"));
    BlockingQueue<String> added = new LinkedBlockingQueue<>();
    Thread adding =
        new Thread(
            () -> {
              try {
                buffer.add(update("bob"));
                added.add("bob");
              } catch (InterruptedException e) {
                added.add("interrupted");
              }
            });
    adding.start();

    assertEquals(null, added.poll(200, TimeUnit.MILLISECONDS));
    held.complete(List.of(taken()));
    assertEquals("bob", added.take());
    buffer.close();
    assertEquals(2, buffer.acknowledged());
  }

  private void awayFor(int batches) {
    for (int i = 0; i < batches; i++) {
      sender.script.add(CompletableFuture.failedFuture(AWAY));
    }
  }
}
