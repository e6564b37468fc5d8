package io.leaderboard.client;

import static io.leaderboard.client.ScriptedSender.error;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Status;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Updates that could not be written are logged by default. */
@Timeout(30)
class ErrorReporterTest {
  /** A buffer without a callback logs a warning for each refused update, with texts escaped. */
  @Test
  void refusedUpdatesAreLogged() throws InterruptedException {
    ScriptedSender sender = new ScriptedSender();
    sender.script.add(
        CompletableFuture.failedFuture(
            error(Statuses.error(Status.Code.OUT_OF_RANGE, "too \u001b[31mmuch"))));
    Logger logger = Logger.getLogger("io.leaderboard.client.ScoreBuffer");
    CollectingHandler handler = new CollectingHandler();
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try (ScoreBuffer buffer = sender.buffer(ScoreBufferOptions.builder())) {
      buffer.add(ScoreUpdate.builder("chess", "a\nb").requestId("game-1").build());
      buffer.flush();
    } finally {
      logger.setUseParentHandlers(true);
      logger.removeHandler(handler);
    }

    assertEquals(1, handler.records.size());
    assertEquals(Level.WARNING, handler.records.get(0).getLevel());
    assertEquals(
        "chess: points for a\\u{a}b were refused (request game-1): too \\u{1b}[31mmuch",
        handler.records.get(0).getMessage());
  }

  /** A long text is truncated. */
  @Test
  void longTextsAreTruncated() {
    assertEquals("x".repeat(200) + "…", ErrorReporter.printable("x".repeat(5 << 20)));
    assertEquals("ü".repeat(200), ErrorReporter.printable("ü".repeat(200)));
  }

  /** Collects log records. */
  private static final class CollectingHandler extends Handler {
    final List<LogRecord> records = new CopyOnWriteArrayList<>();

    @Override
    public void publish(LogRecord record) {
      records.add(record);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
