package io.leaderboard.client;

import static io.leaderboard.client.ScriptedSender.error;
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
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** However a buffer ends, all it took is acknowledged or told of, and nobody waits for ever. */
@Timeout(30)
class BufferShutdownTest {
  private static final LeaderboardException TOO_MUCH =
      error(Statuses.refusal(Status.Code.OUT_OF_RANGE, "too much"));

  private final ScriptedSender sender = new ScriptedSender();
  private final List<LeaderboardException> told = new CopyOnWriteArrayList<>();

  /** An Error of who hears of refusals ends the buffer, when all is told; each method says so. */
  @Test
  void errorsOfTheListenerEndTheBuffer() throws InterruptedException {
    sender.script.add(CompletableFuture.failedFuture(TOO_MUCH));
    AssertionError thrown = new AssertionError("the listener's");
    ScoreBuffer buffer =
        sender.buffer(
            listening(
                    (update, error) -> {
                      told.add(error);
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
    assertEquals(told.size(), buffer.refused());
    assertEquals(List.of(TOO_MUCH, TOO_MUCH), told.subList(0, 2));
    assertTrue(sender.live.isEmpty());
  }

  /** An exception of who hears of refusals goes to the handler of its thread, and ends nothing. */
  @Test
  void exceptionsOfTheListenerEndNothing() throws Exception {
    sender.script.add(CompletableFuture.failedFuture(TOO_MUCH));
    ScoreBuffer buffer =
        sender.buffer(
            listening(
                (update, error) -> {
                  throw new IllegalArgumentException("the listener's");
                }));
    try (UncaughtErrors uncaught = new UncaughtErrors()) {
      buffer.add(update("ada"));
      buffer.flush();
      assertEquals("the listener's", uncaught.next().getMessage());
    }
    buffer.add(update("bob"));
    buffer.close();

    assertEquals(1, buffer.acknowledged());
  }

  /** A defect that ends the sender is told for each update that is left, and wakes who waits. */
  @Test
  void defectsAreTold() throws InterruptedException {
    CompletableFuture<List<BatchResult>> held = new CompletableFuture<>();
    sender.script.add(held);
    ScoreBuffer buffer =
        sender.buffer(
            listening((update, error) -> told.add(error)).maxPending(1).linger(Duration.ZERO));
    buffer.add(update("ada"));
    CompletableFuture<Void> adding = adding(buffer);
    held.completeExceptionally(new UnsupportedOperationException("a defect"));

    Throwable end = assertThrows(CompletionException.class, adding::join).getCause();

    assertInstanceOf(IllegalStateException.class, end);
    assertThrows(IllegalStateException.class, buffer::close);
    assertEquals(1, told.size());
    assertEquals(Status.Code.INTERNAL, told.get(0).code());
    assertFalse(told.get(0).isRetryable());
    assertEquals(1, buffer.refused());
  }

  /** Who hears of refusals can't wait for the buffer that waits for it. */
  @Test
  void listenerMayNotWaitForItself() throws Exception {
    sender.script.add(CompletableFuture.failedFuture(TOO_MUCH));
    CompletableFuture<ScoreBuffer> made = new CompletableFuture<>();
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    ScoreBuffer buffer =
        sender.buffer(
            listening(
                    (update, error) -> {
                      ScoreBuffer own = made.join();
                      for (var wait : List.<Waiting>of(own::close, own::flush, () -> add(own))) {
                        IllegalStateException refusal =
                            assertThrows(IllegalStateException.class, wait::run);
                        heard.add(refusal.getMessage());
                      }
                    })
                .maxPending(1));
    made.complete(buffer);
    buffer.add(update("ada"));

    assertEquals("close in onError would wait for itself", heard.take());
    assertEquals("flush in onError would wait for itself", heard.take());
    assertEquals("the buffer is full, and onError holds it up", heard.take());
    buffer.close();
  }

  /** A closed client ends its buffers at once: what is pending is told of as cancelled. */
  @Test
  void closedClientsTellWhatTheyLeave() throws Exception {
    try (FakeService fake = new FakeService();
        LeaderboardClient client = LeaderboardClient.of(fake.address())) {
      BlockingQueue<LeaderboardException> heard = new LinkedBlockingQueue<>();
      ScoreBuffer buffer =
          client.scoreBuffer(
              listening((update, error) -> heard.add(error))
                  .linger(Duration.ofSeconds(60))
                  .build());
      buffer.add(update("ada"));

      client.close();

      LeaderboardException error = heard.take();
      assertInstanceOf(CancelledException.class, error);
      assertEquals("the client was closed", error.getMessage());
      assertFalse(error.isRetryable());
      assertThrows(CancellationException.class, () -> buffer.add(update("bob")));
      buffer.close();
      assertEquals(1, buffer.refused());
      assertThrows(CancellationException.class, () -> client.scoreBuffer().add(update("eve")));
    }
  }

  /** What is on its way when the client is closed is told of as cancelled too. */
  @Test
  void closedClientsTellWhatIsOnItsWay() throws InterruptedException {
    CompletableFuture<List<BatchResult>> held = new CompletableFuture<>();
    sender.script.add(held);
    ScoreBuffer buffer = sender.buffer(listening((update, error) -> told.add(error)));
    buffer.add(update("ada"));
    held.completeExceptionally(LeaderboardClient.closedError());
    buffer.close();

    assertInstanceOf(CancelledException.class, told.get(0));
    assertEquals(1, buffer.refused());
  }

  /** An answer with too few results is broken: all updates are told, and none is sent again. */
  @Test
  void shortAnswersAreBroken() throws IOException, InterruptedException {
    try (FakeService fake = new FakeService();
        LeaderboardClient client = LeaderboardClient.of(fake.address())) {
      for (int i = 0; i < 2; i++) {
        fake.batches.add(
            asked ->
                BatchUpdateScoresResponse.newBuilder()
                    .addResults(BatchUpdateResult.getDefaultInstance())
                    .build());
      }
      List<ScoreUpdate> updates = List.of(update("ada"), update("bob"));
      CompletableFuture<?> call = client.batchUpdateScores(updates);
      Throwable broken = assertThrows(CompletionException.class, call::join).getCause();

      ScoreBuffer buffer =
          client.scoreBuffer(
              listening((update, error) -> told.add(error))
                  .batchSize(2)
                  .linger(Duration.ofSeconds(60))
                  .build());
      for (ScoreUpdate update : updates) {
        buffer.add(update);
      }
      buffer.close();

      assertEquals("the answer is broken: it has 1 of 2 results", broken.getMessage());
      assertEquals(2, told.size());
      assertEquals(Status.Code.INTERNAL, told.get(0).code());
      assertFalse(told.get(0).isRetryable());
      assertEquals(2, fake.askedBatches.size());
    }
  }

  private static ScoreBufferOptions.Builder listening(
      BiConsumer<ScoreUpdate, LeaderboardException> listener) {
    return ScoreBufferOptions.builder().onError(listener);
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

  /** Waits for a buffer in some way. */
  private interface Waiting {
    void run() throws InterruptedException;
  }
}
