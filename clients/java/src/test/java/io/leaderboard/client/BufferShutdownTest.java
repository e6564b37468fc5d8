package io.leaderboard.client;

import static io.leaderboard.client.ScriptedSender.error;
import static io.leaderboard.client.ScriptedSender.results;
import static io.leaderboard.client.ScriptedSender.success;
import static io.leaderboard.client.ScriptedSender.update;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.leaderboard.v1.BatchUpdateResult;
import io.leaderboard.v1.BatchUpdateScoresResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** However a buffer ends, each update is acknowledged or reported, and no thread waits for ever. */
@Timeout(30)
class BufferShutdownTest {
  private static final LeaderboardException OUT_OF_RANGE =
      error(Statuses.error(Status.Code.OUT_OF_RANGE, "out of range"));

  private final ScriptedSender sender = new ScriptedSender();
  private final List<LeaderboardException> reported = new CopyOnWriteArrayList<>();

  /**
   * An Error of the callback makes the buffer fail once all updates are reported; then each method
   * throws.
   */
  @Test
  void callbackErrorEndsTheBuffer() throws InterruptedException {
    sender.script.add(CompletableFuture.failedFuture(OUT_OF_RANGE));
    AssertionError thrown = new AssertionError("thrown by the callback");
    ScoreBuffer buffer =
        sender.buffer(
            options(
                    (update, error) -> {
                      reported.add(error);
                      throw thrown;
                    })
                .maxPending(2)
                .batchSize(2)
                .linger(Duration.ofSeconds(60)));
    buffer.add(update("ada"));
    buffer.add(update("bob"));

    IllegalStateException flushed =
        assertThrows(
            IllegalStateException.class,
            () -> {
              buffer.add(update("eve"));
              buffer.flush();
            });

    assertEquals(thrown, flushed.getCause());
    assertEquals(thrown, assertThrows(IllegalStateException.class, buffer::close).getCause());
    assertThrows(IllegalStateException.class, () -> buffer.add(update("late")));
    assertThrows(IllegalStateException.class, buffer::flush);
    assertEquals(reported.size(), buffer.refused());
    assertEquals(List.of(OUT_OF_RANGE, OUT_OF_RANGE), reported.subList(0, 2));
    assertTrue(sender.active.isEmpty());
  }

  /** An exception of the callback goes to the uncaught exception handler; the buffer continues. */
  @Test
  void callbackExceptionIsReported() throws Exception {
    sender.script.add(CompletableFuture.failedFuture(OUT_OF_RANGE));
    ScoreBuffer buffer =
        sender.buffer(
            options(
                (update, error) -> {
                  throw new IllegalArgumentException("thrown by the callback");
                }));
    try (UncaughtErrors uncaught = new UncaughtErrors()) {
      buffer.add(update("ada"));
      buffer.flush();
      assertEquals("thrown by the callback", uncaught.next().getMessage());
    }
    buffer.add(update("bob"));
    buffer.close();

    assertEquals(1, buffer.acknowledged());
  }

  /** A defect of the sender is reported for each pending update, and wakes waiting threads. */
  @Test
  void defectIsReported() throws InterruptedException {
    CompletableFuture<List<BatchResult>> inFlight = new CompletableFuture<>();
    sender.script.add(inFlight);
    ScoreBuffer buffer =
        sender.buffer(
            options((update, error) -> reported.add(error)).maxPending(1).linger(Duration.ZERO));
    buffer.add(update("ada"));
    CompletableFuture<Void> adding = adding(buffer);
    inFlight.completeExceptionally(new UnsupportedOperationException("a defect"));

    Throwable end = assertThrows(CompletionException.class, adding::join).getCause();

    assertInstanceOf(IllegalStateException.class, end);
    assertThrows(IllegalStateException.class, buffer::close);
    assertEquals(1, reported.size());
    assertEquals(Status.Code.INTERNAL, reported.get(0).code());
    assertFalse(reported.get(0).isRetryable());
    assertEquals(1, buffer.refused());
  }

  /** The callback can't wait for its own buffer. */
  @Test
  void callbackMayNotWaitForItsBuffer() throws Exception {
    sender.script.add(CompletableFuture.failedFuture(OUT_OF_RANGE));
    CompletableFuture<ScoreBuffer> made = new CompletableFuture<>();
    BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    ScoreBuffer buffer =
        sender.buffer(
            options(
                    (update, error) -> {
                      ScoreBuffer own = made.join();
                      for (var wait : List.<Wait>of(own::close, own::flush, () -> add(own))) {
                        IllegalStateException rejected =
                            assertThrows(IllegalStateException.class, wait::run);
                        messages.add(rejected.getMessage());
                      }
                    })
                .maxPending(1));
    made.complete(buffer);
    buffer.add(update("ada"));

    assertEquals("close in onError would wait for itself", messages.take());
    assertEquals("flush in onError would wait for itself", messages.take());
    assertEquals("the buffer is full, and onError blocks it", messages.take());
    buffer.close();
  }

  /** Closing the client ends its buffers at once: pending updates are reported as cancelled. */
  @Test
  void closedClientReportsPendingUpdates() throws Exception {
    try (FakeService fake = new FakeService();
        LeaderboardClient client = LeaderboardClient.of(fake.address())) {
      BlockingQueue<LeaderboardException> errors = new LinkedBlockingQueue<>();
      ScoreBuffer buffer =
          client.scoreBuffer(
              options((update, error) -> errors.add(error))
                  .linger(Duration.ofSeconds(60))
                  .build());
      buffer.add(update("ada"));

      client.close();

      LeaderboardException error = errors.take();
      assertInstanceOf(CancelledException.class, error);
      assertEquals("the client was closed", error.getMessage());
      assertFalse(error.isRetryable());
      assertThrows(CancelledException.class, () -> buffer.add(update("bob")));
      buffer.close();
      assertEquals(1, buffer.refused());
      assertThrows(CancelledException.class, () -> client.scoreBuffer().add(update("eve")));
    }
  }

  /** Updates in flight when the client is closed are reported as cancelled too. */
  @Test
  void closedClientReportsUpdatesInFlight() throws InterruptedException {
    CompletableFuture<List<BatchResult>> inFlight = new CompletableFuture<>();
    sender.script.add(inFlight);
    ScoreBuffer buffer = sender.buffer(options((update, error) -> reported.add(error)));
    buffer.add(update("ada"));
    inFlight.completeExceptionally(LeaderboardClient.closedError());
    buffer.close();

    assertInstanceOf(CancelledException.class, reported.get(0));
    assertEquals(1, buffer.refused());
  }

  /** An update is reported once, also if the handler of uncaught exceptions throws. */
  @Test
  void failingHandlerOfUncaughtExceptions() throws InterruptedException {
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, error) -> {
          throw new IllegalStateException("the handler failed");
        });
    try {
      sender.script.add(
          results(
              new BatchResult.Failure(
                  error(Statuses.error(Status.Code.OUT_OF_RANGE, "no"))),
              success()));
      ScoreBuffer buffer =
          sender.buffer(
              options(
                  (update, error) -> {
                    reported.add(error);
                    throw new IllegalArgumentException("onError failed");
                  }));
      buffer.add(update("ada"));
      buffer.add(update("bob"));
      buffer.close();

      assertEquals(1, reported.size());
      assertEquals(1, buffer.refused());
      assertEquals(1, buffer.acknowledged());
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  /** A response with too few results is malformed: all updates are reported, none is retried. */
  @Test
  void shortResponseIsMalformed() throws IOException, InterruptedException {
    try (FakeService fake = new FakeService();
        LeaderboardClient client = LeaderboardClient.of(fake.address())) {
      for (int i = 0; i < 2; i++) {
        fake.batches.add(
            request ->
                BatchUpdateScoresResponse.newBuilder()
                    .addResults(BatchUpdateResult.getDefaultInstance())
                    .build());
      }
      List<ScoreUpdate> updates = List.of(update("ada"), update("bob"));
      CompletableFuture<?> call = client.batchUpdateScores(updates);
      Throwable failure = assertThrows(CompletionException.class, call::join).getCause();

      ScoreBuffer buffer =
          client.scoreBuffer(
              options((update, error) -> reported.add(error))
                  .batchSize(2)
                  .linger(Duration.ofSeconds(60))
                  .build());
      for (ScoreUpdate update : updates) {
        buffer.add(update);
      }
      buffer.close();

      assertEquals("malformed response: 1 results for 2 updates", failure.getMessage());
      assertEquals(2, reported.size());
      assertEquals(Status.Code.INTERNAL, reported.get(0).code());
      assertFalse(reported.get(0).isRetryable());
      assertEquals(2, fake.batchRequests.size());
    }
  }

  private static ScoreBufferOptions.Builder options(
      BiConsumer<ScoreUpdate, LeaderboardException> onError) {
    return ScoreBufferOptions.builder().onError(onError);
  }

  private static CompletableFuture<Void> adding(ScoreBuffer buffer) {
    return CompletableFuture.runAsync(() -> add(buffer));
  }

  private static void add(ScoreBuffer buffer) {
    try {
      buffer.add(update("bob"));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A call that waits for a buffer. */
  private interface Wait {
    void run() throws InterruptedException;
  }
}
