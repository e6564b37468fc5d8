package io.leaderboard.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends the pending updates of a buffer, batch after batch, until the buffer is closed and empty.
 *
 * <p>However it ends, each update was acknowledged or reported.
 */
final class BufferSender implements Runnable {
  /** The call that sends a batch. */
  interface BatchCall {
    CompletableFuture<List<BatchResult>> start(List<ScoreUpdate> updates, Duration timeout);
  }

  /**
   * The least timeout of an attempt. Updates that waited in the queue of a slow service may have
   * less time left, and with less none of them would be written.
   */
  private static final Duration MIN_ATTEMPT = Duration.ofSeconds(1);

  private final BatchCall call;
  private final PendingQueue queue;
  private final ErrorReporter reporter;
  private final int maxBatchSize;
  private final AtomicLong acknowledged = new AtomicLong();
  private int batchSize;
  private int failures;
  private long resumeAt = System.nanoTime();

  BufferSender(BatchCall call, PendingQueue queue, ScoreBufferOptions options) {
    this.call = call;
    this.queue = queue;
    this.reporter = new ErrorReporter(options.onError());
    this.maxBatchSize = options.batchSize();
    this.batchSize = maxBatchSize;
  }

  long acknowledged() {
    return acknowledged.get();
  }

  long refused() {
    return reporter.reported();
  }

  @Override
  public void run() {
    try {
      sendAll();
    } catch (CancelledException e) {
      dropAll(queue.cancel(), e);
    } catch (Throwable e) {
      // Errors too: otherwise threads in add, flush and close would wait for ever.
      dropAll(queue.fail(e), RpcStatus.internal("the buffer failed: " + e, e).toException());
    }
  }

  private void sendAll() throws InterruptedException {
    List<PendingQueue.Entry> batch = queue.awaitBatch(batchSize, resumeAt);
    while (!batch.isEmpty()) {
      List<PendingQueue.Entry> expired =
          batch.stream().filter(entry -> entry.remaining() <= 0).toList();
      if (expired.isEmpty()) {
        send(batch);
      } else {
        drop(expired);
      }
      batch = queue.awaitBatch(batchSize, resumeAt);
    }
  }

  private void send(List<PendingQueue.Entry> batch) {
    List<BatchResult> results;
    try {
      results = call(batch);
    } catch (LeaderboardException e) {
      if (batch.size() > 1 && isWorthSplitting(e)) {
        batchSize = batch.size() / 2;
        return;
      }
      results = Collections.nCopies(batch.size(), new BatchResult.Failure(e));
    }
    batchSize = Math.min(batchSize * 2, maxBatchSize);
    apply(results, batch);
  }

  private List<BatchResult> call(List<PendingQueue.Entry> batch) {
    long timeout = Math.max(batch.get(0).remaining(), MIN_ATTEMPT.toNanos());
    List<ScoreUpdate> updates = batch.stream().map(PendingQueue.Entry::update).toList();
    try {
      return call.start(updates, Duration.ofNanos(timeout)).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof LeaderboardException error) {
        throw error;
      }
      throw e;
    }
  }

  /** Returns whether one bad update may have failed the batch: smaller batches isolate it. */
  private static boolean isWorthSplitting(LeaderboardException error) {
    boolean tooLarge = error.code() == Status.Code.RESOURCE_EXHAUSTED && !error.isRetryable();
    return tooLarge || error.code() == Status.Code.INVALID_ARGUMENT;
  }

  private void apply(List<BatchResult> results, List<PendingQueue.Entry> batch) {
    List<PendingQueue.Entry> written = new ArrayList<>();
    List<PendingQueue.Entry> refused = new ArrayList<>();
    Optional<LeaderboardException> retryable = Optional.empty();
    for (int i = 0; i < batch.size(); i++) {
      PendingQueue.Entry entry = batch.get(i);
      if (results.get(i) instanceof BatchResult.Failure failure) {
        entry.setError(failure.error());
        if (failure.error().isRetryable()) {
          retryable = Optional.of(failure.error());
        } else {
          refused.add(entry);
        }
      } else {
        written.add(entry);
      }
    }
    acknowledged.addAndGet(written.size());
    queue.remove(written);
    backOff(retryable);
    drop(refused);
  }

  private void backOff(Optional<LeaderboardException> error) {
    error.ifPresent(
        e -> resumeAt = System.nanoTime() + RetryDelay.after(failures, e.requestedDelay()).toNanos());
    failures = error.isPresent() ? failures + 1 : 0;
  }

  private void dropAll(List<PendingQueue.Entry> entries, LeaderboardException error) {
    entries.forEach(entry -> entry.setError(error));
    drop(entries);
  }

  /** Reports and removes updates that are not sent again, then throws the callback's Error. */
  private void drop(List<PendingQueue.Entry> entries) {
    Error thrown = reporter.report(entries);
    queue.remove(entries);
    if (thrown != null) {
      throw thrown;
    }
  }
}
