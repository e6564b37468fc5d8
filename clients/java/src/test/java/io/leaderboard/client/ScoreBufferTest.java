package io.leaderboard.client;

import static io.leaderboard.client.ScriptedSender.error;
import static io.leaderboard.client.ScriptedSender.results;
import static io.leaderboard.client.ScriptedSender.success;
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

/** A buffer sends all updates in order, within its limits, and reports refused ones. */
@Timeout(30)
class ScoreBufferTest {
  private static final LeaderboardException OUT_OF_RANGE =
      error(Statuses.error(Status.Code.OUT_OF_RANGE, "out of range"));
  private static final LeaderboardException UNAVAILABLE = error(Statuses.STORE_UNAVAILABLE);
  private static final Duration LONGEST = Duration.ofSeconds(Long.MAX_VALUE);

  private final ScriptedSender sender = new ScriptedSender();

  /** Closing sends the pending updates in batches, each update with a request id. */
  @Test
  void closeSendsPendingUpdates() throws InterruptedException {
    ScoreBuffer buffer = sender.recordingBuffer(ScoreBufferOptions.builder().batchSize(2));
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
    assertTrue(sender.active.isEmpty());
  }

  /** After a retryable error an update is sent again with its id; other errors are reported. */
  @Test
  void retryableErrorsAreRetriedAndOthersReported() throws InterruptedException {
    sender.script.add(
        results(
            new BatchResult.Failure(UNAVAILABLE),
            new BatchResult.Failure(OUT_OF_RANGE),
            success()));
    ScoreBuffer buffer = sender.recordingBuffer(ScoreBufferOptions.builder());
    for (String user : List.of("ada", "bob", "eve")) {
      buffer.add(update(user));
    }
    buffer.flush();

    assertEquals(2, buffer.acknowledged());
    assertEquals(1, buffer.refused());
    assertEquals(List.of("bob: out of range"), sender.reported);
    assertEquals(List.of(sender.sent.get(0).get(0)), sender.sent.get(1));
    buffer.close();
  }

  /** A batch that fails as a whole is retried until its updates are given up. */
  @Test
  void updatesAreGivenUp() throws InterruptedException {
    scriptUnavailable(100);
    ScoreBuffer buffer =
        sender.recordingBuffer(ScoreBufferOptions.builder().giveUpAfter(Duration.ofSeconds(2)));
    buffer.add(update("ada"));
    buffer.close();

    assertEquals(List.of("ada: the store is unavailable"), sender.reported);
    assertTrue(sender.sent.size() > 1);
  }

  /** The timeout of an attempt is the time that its oldest update has left. */
  @Test
  void attemptsEndWithinGiveUpAfter() throws InterruptedException {
    scriptUnavailable(1);
    Duration giveUpAfter = Duration.ofSeconds(20);
    ScoreBuffer buffer =
        sender.recordingBuffer(ScoreBufferOptions.builder().giveUpAfter(giveUpAfter));
    buffer.add(update("ada"));
    buffer.close();

    assertEquals(2, sender.timeouts.size());
    assertTrue(sender.timeouts.get(0).compareTo(giveUpAfter) < 0, sender.timeouts.toString());
    assertTrue(
        sender.timeouts.get(1).compareTo(sender.timeouts.get(0)) < 0, sender.timeouts.toString());
  }

  /** The time in the queue counts too: an update may be given up before it was sent. */
  @Test
  void queuedUpdateIsGivenUp() throws InterruptedException {
    CompletableFuture<List<BatchResult>> inFlight = new CompletableFuture<>();
    sender.script.add(inFlight);
    ScoreBuffer buffer =
        sender.recordingBuffer(
            ScoreBufferOptions.builder().batchSize(1).giveUpAfter(Duration.ofSeconds(1)));
    buffer.add(update("ada"));
    buffer.add(update("bob"));
    CompletableFuture.delayedExecutor(1500, TimeUnit.MILLISECONDS)
        .execute(() -> inFlight.complete(List.of(success())));
    buffer.close();

    assertEquals(List.of("bob: not sent within giveUpAfter"), sender.reported);
    assertEquals(1, buffer.acknowledged());
  }

  /** The longest duration is valid, and never passes. */
  @Test
  void longestDurationsAreValid() throws InterruptedException {
    scriptUnavailable(1);
    ScoreBuffer buffer =
        sender.recordingBuffer(ScoreBufferOptions.builder().giveUpAfter(LONGEST).linger(LONGEST));
    buffer.add(update("ada"));
    buffer.flush();

    assertEquals(1, buffer.acknowledged());
    buffer.close();
  }

  /** Options out of range are rejected. */
  @Test
  void invalidOptionsAreRejected() {
    ScoreBufferOptions.Builder options = ScoreBufferOptions.builder();

    assertThrows(IllegalArgumentException.class, () -> options.giveUpAfter(Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> options.linger(Duration.ofNanos(-1)));
    assertThrows(IllegalArgumentException.class, () -> options.maxPending(0));
    assertThrows(IllegalArgumentException.class, () -> options.batchSize(1001));
  }

  /** A batch that is too large is split until only the large update fails. */
  @Test
  void tooLargeBatchIsSplit() throws InterruptedException {
    CompletableFuture<List<BatchResult>> tooLarge =
        CompletableFuture.failedFuture(
            error(
                Statuses.error(
                    Status.Code.RESOURCE_EXHAUSTED,
                    "too large",
                    Statuses.errorInfo("ERROR_REASON_MESSAGE_TOO_LARGE", Map.of()))));
    sender.script.addAll(List.of(tooLarge, tooLarge));
    ScoreBuffer buffer =
        sender.recordingBuffer(
            ScoreBufferOptions.builder().batchSize(3).linger(Duration.ofSeconds(9)));
    for (String user : List.of("ada", "bob", "eve")) {
      buffer.add(update(user));
    }
    buffer.close();

    assertEquals(List.of("ada: too large"), sender.reported);
    assertEquals(List.of(3, 1, 2), sender.sent.stream().map(List::size).toList());
    assertEquals(2, buffer.acknowledged());
  }

  /** With maxPending updates pending, {@code add} waits until there is room. */
  @Test
  void addWaitsForRoom() throws InterruptedException {
    CompletableFuture<List<BatchResult>> inFlight = new CompletableFuture<>();
    sender.script.add(inFlight);
    ScoreBuffer buffer =
        sender.recordingBuffer(ScoreBufferOptions.builder().maxPending(1).linger(Duration.ZERO));
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
    inFlight.complete(List.of(success()));
    assertEquals("bob", added.take());
    buffer.close();
    assertEquals(2, buffer.acknowledged());
  }

  private void scriptUnavailable(int batches) {
    for (int i = 0; i < batches; i++) {
      sender.script.add(CompletableFuture.failedFuture(UNAVAILABLE));
    }
  }
}
